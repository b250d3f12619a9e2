# How every target of the project is compiled, and the functions that declare layers, tests, benchmarks and fuzzers.

set(CMAKE_CXX_STANDARD 23)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_INSTALL_RPATH_USE_LINK_PATH ON) # BoringSSL may live outside the linker's default path
# Also while it is only built: CMake's own run path ends in an empty part, from which libraries of the current folder are loaded.
set(CMAKE_BUILD_WITH_INSTALL_RPATH ON)
if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
  set(CMAKE_BUILD_TYPE RelWithDebInfo)
endif()

find_program(CORDON_CCACHE ccache)
if(CORDON_CCACHE AND PROJECT_IS_TOP_LEVEL)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CORDON_CCACHE})
  set(CMAKE_C_COMPILER_LAUNCHER ${CORDON_CCACHE})
endif()

# cordon_options: what each of our own targets is compiled with. Never exported.
add_library(cordon_options INTERFACE)
target_compile_options(cordon_options INTERFACE
  -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wnon-virtual-dtor $<$<BOOL:${CORDON_WERROR}>:-Werror>)
if(CORDON_SANITIZE AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU") # GCC warns of what it cannot see through its own instrumentation
  target_compile_options(cordon_options INTERFACE -Wno-tsan -Wno-maybe-uninitialized -Wno-mismatched-new-delete)
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang") # libstdc++ 12's stable_sort calls what libstdc++ 12 deprecates; GCC knows not to say so
  target_compile_options(cordon_options INTERFACE -Wno-deprecated-declarations)
endif()
if(CORDON_SANITIZE)
  # For everything, llhttp's sources included: a report must be able to start anywhere.
  add_compile_options(-fsanitize=${CORDON_SANITIZE} -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${CORDON_SANITIZE})
  if(CORDON_SANITIZE MATCHES "undefined")
    add_compile_options(-fno-sanitize-recover=all)
  endif()
endif()
if(CORDON_COVERAGE)
  add_compile_options(--coverage -fprofile-update=atomic)
  add_link_options(--coverage)
endif()
if(CORDON_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()

# cordon_add_layer(NAME folder DEPENDS layer... LIBRARIES target... HEADERS target...)
#
# One folder of libcordon/src as a library of its own. Layers are linked only to the layers that they may include, so a call
# that goes upward does not link. They are never installed: `cordon` is made of their objects. LIBRARIES is what whoever links
# `cordon` must link too; HEADERS needs no linking, so an installed `cordon` does without it.
function(cordon_add_layer name)
  cmake_parse_arguments(arg "" "" "DEPENDS;LIBRARIES;HEADERS" ${ARGN})
  # The folder is the layer: a file in it belongs to it, so the list is the folder's content.
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/src/${name}/*.cpp)
  if(APPLE)
    list(FILTER sources EXCLUDE REGEX "_linux\\.cpp$")
  else()
    list(FILTER sources EXCLUDE REGEX "_macos\\.cpp$")
  endif()
  add_library(cordon_${name} STATIC ${sources})
  target_include_directories(cordon_${name} PUBLIC
    ${CMAKE_CURRENT_SOURCE_DIR}/include ${CMAKE_CURRENT_SOURCE_DIR}/src)
  list(TRANSFORM arg_DEPENDS PREPEND cordon_)
  target_link_libraries(cordon_${name} PUBLIC ${arg_DEPENDS} ${arg_LIBRARIES} ${arg_HEADERS} PRIVATE cordon_options)
  set_target_properties(cordon_${name} PROPERTIES POSITION_INDEPENDENT_CODE ON)
  set_property(GLOBAL APPEND PROPERTY CORDON_LAYERS cordon_${name})
  set_property(GLOBAL APPEND PROPERTY CORDON_LAYER_LIBRARIES ${arg_LIBRARIES})
endfunction()

# cordon_add_test(NAME SOURCES file... LIBRARIES target...): a GoogleTest program; each of its tests is one of CTest's.
function(cordon_add_test name)
  cmake_parse_arguments(arg "" "" "SOURCES;LIBRARIES" ${ARGN})
  add_executable(${name} ${arg_SOURCES})
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR}/tests)
  target_link_libraries(${name} PRIVATE ${arg_LIBRARIES} cordon_options GTest::gtest GTest::gmock GTest::gtest_main)
  include(GoogleTest)
  # From the build folder: a compiler cache may make __FILE__, by which tests find their data, relative to it.
  gtest_discover_tests(${name} TEST_PREFIX ${name}/ WORKING_DIRECTORY ${CMAKE_BINARY_DIR} PROPERTIES TIMEOUT 120 DISCOVERY_TIMEOUT 60)
endfunction()

# cordon_add_bench(NAME SOURCES file... LIBRARIES target...): a Google Benchmark program, run once by CTest so that none rots.
function(cordon_add_bench name)
  cmake_parse_arguments(arg "" "" "SOURCES;LIBRARIES" ${ARGN})
  add_executable(${name} ${arg_SOURCES})
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR}/tests)
  target_link_libraries(${name} PRIVATE ${arg_LIBRARIES} cordon_options benchmark::benchmark)
  if(CORDON_TESTS)
    add_test(NAME bench/${name} COMMAND ${name} --benchmark_min_time=0.001)
  endif()
endfunction()

# cordon_add_fuzzer(NAME LIBRARIES target...): tests/fuzz/<NAME>.cpp with its corpus in tests/fuzz/corpus/<NAME>/. With
# CORDON_FUZZ it is a libFuzzer program; otherwise a program that runs the corpus once, which is a test.
function(cordon_add_fuzzer name)
  cmake_parse_arguments(arg "" "" "LIBRARIES" ${ARGN})
  if(CORDON_FUZZ)
    add_executable(fuzz_${name} ${name}.cpp)
    target_link_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
  else()
    add_executable(fuzz_${name} ${name}.cpp replay_corpus.cpp)
    add_test(NAME fuzz/${name} COMMAND fuzz_${name} ${CMAKE_CURRENT_SOURCE_DIR}/corpus/${name})
  endif()
  target_include_directories(fuzz_${name} PRIVATE ${PROJECT_SOURCE_DIR}/tests)
  target_link_libraries(fuzz_${name} PRIVATE ${arg_LIBRARIES} cordon_options)
endfunction()
