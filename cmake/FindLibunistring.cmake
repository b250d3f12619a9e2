# Finds libunistring, which knows Unicode's normalization forms, and defines Libunistring::Libunistring.
include(FindPackageHandleStandardArgs)
find_path(Libunistring_INCLUDE_DIR uninorm.h)
find_library(Libunistring_LIBRARY unistring)
mark_as_advanced(Libunistring_INCLUDE_DIR Libunistring_LIBRARY)
find_package_handle_standard_args(Libunistring
  REQUIRED_VARS Libunistring_LIBRARY Libunistring_INCLUDE_DIR
  REASON_FAILURE_MESSAGE "it needs libunistring's headers (Debian: libunistring-dev)")

if(Libunistring_FOUND AND NOT TARGET Libunistring::Libunistring)
  add_library(Libunistring::Libunistring UNKNOWN IMPORTED)
  set_target_properties(Libunistring::Libunistring PROPERTIES
    IMPORTED_LOCATION ${Libunistring_LIBRARY} INTERFACE_INCLUDE_DIRECTORIES ${Libunistring_INCLUDE_DIR})
endif()
