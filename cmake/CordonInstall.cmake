# Installs the `cordon` program, the library with its public headers, and the package that find_package(cordon) reads. The
# library is static, so the package finds again what it must be linked with: BoringSSL by our own module, which is installed too.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/cordon)
configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/cordonConfig.cmake.in ${PROJECT_BINARY_DIR}/cordonConfig.cmake
  INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/cordonConfigVersion.cmake COMPATIBILITY SameMinorVersion)

install(TARGETS cordon-cli RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(TARGETS cordon EXPORT cordonTargets
  ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR}
  FILE_SET HEADERS DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(EXPORT cordonTargets NAMESPACE cordon:: DESTINATION ${package_dir})
install(FILES
  ${PROJECT_BINARY_DIR}/cordonConfig.cmake
  ${PROJECT_BINARY_DIR}/cordonConfigVersion.cmake
  ${CMAKE_CURRENT_LIST_DIR}/FindBoringSSL.cmake
  ${CMAKE_CURRENT_LIST_DIR}/FindLibsecret.cmake
  ${CMAKE_CURRENT_LIST_DIR}/FindLlhttp.cmake
  DESTINATION ${package_dir})
