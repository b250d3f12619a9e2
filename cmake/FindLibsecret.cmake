# Finds libsecret, the library of the Secret Service (Linux), and defines Libsecret::Libsecret.
#
# It is found through pkg-config, which also knows where GLib's headers are: one of them lies beside the libraries.
include(FindPackageHandleStandardArgs)
find_package(PkgConfig QUIET)
if(PkgConfig_FOUND)
  pkg_check_modules(Libsecret QUIET IMPORTED_TARGET libsecret-1)
endif()
find_package_handle_standard_args(Libsecret
  REQUIRED_VARS Libsecret_LINK_LIBRARIES Libsecret_INCLUDE_DIRS VERSION_VAR Libsecret_VERSION
  REASON_FAILURE_MESSAGE "it needs pkg-config and libsecret's headers (Debian: libsecret-1-dev)")

if(Libsecret_FOUND AND NOT TARGET Libsecret::Libsecret)
  add_library(Libsecret::Libsecret INTERFACE IMPORTED)
  target_link_libraries(Libsecret::Libsecret INTERFACE PkgConfig::Libsecret)
endif()
