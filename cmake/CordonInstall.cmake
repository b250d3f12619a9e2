# Installs the `cordon` program with its manual and completions, the library with its public headers, and the package that
# find_package(cordon) reads. The library is static, so the package finds again what it must be linked with: BoringSSL by our own
# module, which is installed too.
#
# Components: program; development; and, for what lies elsewhere in a Debian package, plain (installed by default) and
# debian (CordonPackage.cmake).
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/cordon)
configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/cordonConfig.cmake.in ${PROJECT_BINARY_DIR}/cordonConfig.cmake
  INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/cordonConfigVersion.cmake COMPATIBILITY SameMinorVersion)

install(TARGETS cordon-cli RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT program)
if(TARGET cordon-manual)
  set(generated ${PROJECT_BINARY_DIR}/cordon-cli/generated)
  install(FILES ${generated}/cordon.bash DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions RENAME cordon
    COMPONENT program)
  install(FILES ${generated}/cordon.fish DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d COMPONENT program)
  install(FILES ${generated}/_cordon DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/site-functions COMPONENT plain)
  install(FILES ${generated}/cordon.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1 COMPONENT plain)
endif()

install(TARGETS cordon EXPORT cordonTargets
  ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT development
  FILE_SET HEADERS DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT development)
install(EXPORT cordonTargets NAMESPACE cordon:: DESTINATION ${package_dir} COMPONENT development)
install(FILES
  ${PROJECT_BINARY_DIR}/cordonConfig.cmake
  ${PROJECT_BINARY_DIR}/cordonConfigVersion.cmake
  ${CMAKE_CURRENT_LIST_DIR}/FindBoringSSL.cmake
  ${CMAKE_CURRENT_LIST_DIR}/FindLibidn.cmake
  ${CMAKE_CURRENT_LIST_DIR}/FindLibsecret.cmake
  ${CMAKE_CURRENT_LIST_DIR}/FindLibunistring.cmake
  ${CMAKE_CURRENT_LIST_DIR}/FindLlhttp.cmake
  DESTINATION ${package_dir} COMPONENT development)
