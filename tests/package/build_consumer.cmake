# Builds and runs consumer/ against this project, either installed (into a fresh prefix) or as a subfolder, and the installed
# program. Called by ctest, with the settings of the build under test.
cmake_minimum_required(VERSION 3.25)

function(run)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE status OUTPUT_VARIABLE out ERROR_VARIABLE out)
  if(NOT status EQUAL 0)
    list(JOIN ARGN " " command)
    message(FATAL_ERROR "${command}\nended with ${status}:\n${out}")
  endif()
  set(out "${out}" PARENT_SCOPE)
endfunction()

function(expect text)
  if(NOT out MATCHES "${text}")
    message(FATAL_ERROR "expected \"${text}\" in\n${out}")
  endif()
endfunction()

file(REMOVE_RECURSE ${WORK})
if(WAY STREQUAL "installed")
  run(${CMAKE_COMMAND} --install ${BUILD} --prefix ${WORK}/prefix)
  set(place -D CMAKE_PREFIX_PATH=${WORK}/prefix)
  # Without the caller's environment, so that only its own run path leads the program to BoringSSL.
  run(env -i ${WORK}/prefix/bin/cordon --version)
  expect("${VERSION}")
else()
  set(place -D CORDON_SOURCE=${SOURCE} -D BORINGSSL_ROOT=${BORINGSSL_ROOT} -D CORDON_WERROR=ON)
endif()

run(${CMAKE_COMMAND} -S ${CMAKE_CURRENT_LIST_DIR}/consumer -B ${WORK}/build -G ${GENERATOR} ${place}
  -D CMAKE_C_COMPILER=${C_COMPILER} -D CMAKE_CXX_COMPILER=${CXX_COMPILER} -D CMAKE_BUILD_TYPE=${BUILD_TYPE}
  -D CMAKE_C_COMPILER_LAUNCHER=${LAUNCHER} -D CMAKE_CXX_COMPILER_LAUNCHER=${LAUNCHER})
run(${CMAKE_COMMAND} --build ${WORK}/build --target consumer)
run(${WORK}/build/consumer)
expect("cordon ${VERSION} listens")
