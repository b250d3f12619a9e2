# Finds standalone Asio and defines Asio::asio (headers only; net/asio.cpp holds its one separate compilation).
find_path(Asio_INCLUDE_DIR asio.hpp)
include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(Asio REQUIRED_VARS Asio_INCLUDE_DIR)
if(Asio_FOUND AND NOT TARGET Asio::asio)
  add_library(Asio::asio INTERFACE IMPORTED)
  set_target_properties(Asio::asio PROPERTIES
    INTERFACE_INCLUDE_DIRECTORIES ${Asio_INCLUDE_DIR}
    # Whether Asio 1.22 finds aligned_alloc depends on what was included before it: two answers in one program would allocate
    # by one way and free by another. Clang 19 has coroutines; Asio 1.22 does not know that yet.
    INTERFACE_COMPILE_DEFINITIONS
      "ASIO_SEPARATE_COMPILATION;ASIO_NO_DEPRECATED;ASIO_DISABLE_STD_ALIGNED_ALLOC;$<$<CXX_COMPILER_ID:Clang,AppleClang>:ASIO_HAS_CO_AWAIT=1;ASIO_HAS_STD_COROUTINE=1>"
    INTERFACE_LINK_LIBRARIES Threads::Threads)
endif()
mark_as_advanced(Asio_INCLUDE_DIR)
