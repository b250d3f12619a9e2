# Finds llhttp and defines llhttp::llhttp.
#
# Two layouts are known: a library with its header (libllhttp-dev and most other systems), which is preferred, and Debian's
# node-llhttp, which ships the generated C sources; those are compiled here, in strict mode, because the default mode of the
# 8.x series accepts a lone CR as a line end (CVE-2023-30589).
find_path(Llhttp_INCLUDE_DIR llhttp.h PATHS /usr/share/include/llhttp)
find_library(Llhttp_LIBRARY llhttp)
find_path(Llhttp_SOURCE_DIR llhttp.c PATHS /usr/share/llhttp NO_DEFAULT_PATH)

include(FindPackageHandleStandardArgs)
if(Llhttp_LIBRARY)
  find_package_handle_standard_args(Llhttp REQUIRED_VARS Llhttp_LIBRARY Llhttp_INCLUDE_DIR)
else()
  find_package_handle_standard_args(Llhttp REQUIRED_VARS Llhttp_SOURCE_DIR Llhttp_INCLUDE_DIR)
endif()

if(Llhttp_FOUND AND NOT TARGET llhttp::llhttp)
  if(Llhttp_LIBRARY)
    add_library(llhttp::llhttp UNKNOWN IMPORTED)
    set_target_properties(llhttp::llhttp PROPERTIES
      IMPORTED_LOCATION ${Llhttp_LIBRARY}
      INTERFACE_INCLUDE_DIRECTORIES ${Llhttp_INCLUDE_DIR})
  else()
    add_library(cordon_llhttp STATIC
      ${Llhttp_SOURCE_DIR}/llhttp.c ${Llhttp_SOURCE_DIR}/api.c ${Llhttp_SOURCE_DIR}/http.c)
    target_include_directories(cordon_llhttp SYSTEM PUBLIC $<BUILD_INTERFACE:${Llhttp_INCLUDE_DIR}>)
    target_compile_definitions(cordon_llhttp PUBLIC LLHTTP_STRICT_MODE=1)
    set_target_properties(cordon_llhttp PROPERTIES POSITION_INDEPENDENT_CODE ON)
    add_library(llhttp::llhttp ALIAS cordon_llhttp)
  endif()
endif()
mark_as_advanced(Llhttp_INCLUDE_DIR Llhttp_LIBRARY Llhttp_SOURCE_DIR)
