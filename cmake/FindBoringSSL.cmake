# Finds BoringSSL and defines BoringSSL::crypto and BoringSSL::ssl.
#
# Looked for below BORINGSSL_ROOT (an install prefix of BoringSSL's own build), then where Debian's android-libboringssl-dev
# puts it. Headers and libraries are always taken from the same root: mixed with another TLS library's they would compile and
# then crash.
set(BORINGSSL_ROOT "" CACHE PATH "Where BoringSSL is installed, when it is not Debian's package")

find_path(BoringSSL_INCLUDE_DIR openssl/is_boringssl.h
  PATHS ${BORINGSSL_ROOT}/include /usr/include/android NO_DEFAULT_PATH)
find_library(BoringSSL_CRYPTO_LIBRARY crypto
  PATHS ${BORINGSSL_ROOT}/lib /usr/lib/${CMAKE_LIBRARY_ARCHITECTURE}/android NO_DEFAULT_PATH)
find_library(BoringSSL_SSL_LIBRARY ssl
  PATHS ${BORINGSSL_ROOT}/lib /usr/lib/${CMAKE_LIBRARY_ARCHITECTURE}/android NO_DEFAULT_PATH)

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(BoringSSL
  REQUIRED_VARS BoringSSL_SSL_LIBRARY BoringSSL_CRYPTO_LIBRARY BoringSSL_INCLUDE_DIR
  REASON_FAILURE_MESSAGE "install android-libboringssl-dev, or pass -DBORINGSSL_ROOT=<prefix of a BoringSSL install>")

if(BoringSSL_FOUND AND NOT TARGET BoringSSL::ssl)
  add_library(BoringSSL::crypto UNKNOWN IMPORTED)
  set_target_properties(BoringSSL::crypto PROPERTIES
    IMPORTED_LOCATION ${BoringSSL_CRYPTO_LIBRARY}
    INTERFACE_INCLUDE_DIRECTORIES ${BoringSSL_INCLUDE_DIR})
  add_library(BoringSSL::ssl UNKNOWN IMPORTED)
  set_target_properties(BoringSSL::ssl PROPERTIES
    IMPORTED_LOCATION ${BoringSSL_SSL_LIBRARY}
    INTERFACE_INCLUDE_DIRECTORIES ${BoringSSL_INCLUDE_DIR}
    INTERFACE_LINK_LIBRARIES BoringSSL::crypto)
endif()
mark_as_advanced(BoringSSL_INCLUDE_DIR BoringSSL_CRYPTO_LIBRARY BoringSSL_SSL_LIBRARY)
