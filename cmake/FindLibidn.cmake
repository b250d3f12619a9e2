# Finds libidn, which knows stringprep (RFC 3454) and its profile SASLprep, and defines Libidn::Libidn.
include(FindPackageHandleStandardArgs)
find_package(PkgConfig QUIET)
if(PkgConfig_FOUND)
  pkg_check_modules(Libidn QUIET IMPORTED_TARGET libidn)
endif()
find_package_handle_standard_args(Libidn
  REQUIRED_VARS Libidn_LINK_LIBRARIES VERSION_VAR Libidn_VERSION
  REASON_FAILURE_MESSAGE "it needs pkg-config and libidn's headers (Debian: libidn-dev)")

if(Libidn_FOUND AND NOT TARGET Libidn::Libidn)
  add_library(Libidn::Libidn INTERFACE IMPORTED)
  target_link_libraries(Libidn::Libidn INTERFACE PkgConfig::Libidn)
endif()
