# Two Debian packages, by `cpack -G DEB` in the build folder: cordon (the program), and libcordon-dev (the static library with its
# headers). Their dependencies are those that dpkg-shlibdeps finds, BoringSSL's included: Debian has it outside of the linker's
# path, where the program finds it by its run path.
find_program(CORDON_DPKG dpkg)
find_program(CORDON_GZIP gzip)
if(NOT CORDON_DPKG OR NOT CORDON_GZIP OR NOT TARGET cordon-manual)
  return()
endif()

# What Debian wants elsewhere, or compressed.
set(generated ${PROJECT_BINARY_DIR}/cordon-cli/generated)
set(debian ${PROJECT_BINARY_DIR}/debian)
file(MAKE_DIRECTORY ${debian})
add_custom_command(OUTPUT ${debian}/cordon.1.gz
  COMMAND ${CORDON_GZIP} -9nc ${generated}/cordon.1 > ${debian}/cordon.1.gz DEPENDS ${generated}/cordon.1 VERBATIM)
add_custom_target(cordon-debian ALL DEPENDS ${debian}/cordon.1.gz)

# What is compiled into the program and the library keeps its authors' notices, as Debian has them.
set(copyright "Cordon: a local credential-injection proxy.\n\nThe sources of Cordon carry no licence.\n")
set(compiled_in nlohmann-json3-dev libasio-dev libcli11-dev)
if(TARGET cordon_llhttp)
  list(APPEND compiled_in node-llhttp)
endif()
foreach(package IN LISTS compiled_in)
  if(EXISTS /usr/share/doc/${package}/copyright)
    file(READ /usr/share/doc/${package}/copyright text)
    string(APPEND copyright "\n\nIt holds parts of ${package}, of which its Debian package says:\n\n${text}")
  endif()
endforeach()
file(CONFIGURE OUTPUT ${debian}/copyright CONTENT "${copyright}" @ONLY)

foreach(name IN ITEMS cordon libcordon-dev)
  set(component debian)
  if(name STREQUAL "libcordon-dev")
    set(component debian-development)
  endif()
  install(FILES ${debian}/copyright DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/${name}
    COMPONENT ${component} EXCLUDE_FROM_ALL)
endforeach()
install(FILES ${debian}/cordon.1.gz DESTINATION ${CMAKE_INSTALL_MANDIR}/man1 COMPONENT debian EXCLUDE_FROM_ALL)
install(FILES ${generated}/_cordon DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/vendor-completions COMPONENT debian EXCLUDE_FROM_ALL)
install(FILES ${PROJECT_SOURCE_DIR}/README.md DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/cordon COMPONENT debian EXCLUDE_FROM_ALL)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/docs DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/cordon COMPONENT debian EXCLUDE_FROM_ALL
  FILES_MATCHING PATTERN "*.md")

set(CORDON_PACKAGE_CONTACT "Cordon maintainers <maintainers@cordon.invalid>" CACHE STRING "Who answers for the Debian packages")
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_CONTACT ${CORDON_PACKAGE_CONTACT})
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_PRE_BUILD_SCRIPTS ${CMAKE_CURRENT_LIST_DIR}/StripArchives.cmake)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_COMPONENTS_GROUPING ONE_PER_GROUP)
set(CPACK_COMPONENTS_ALL program debian development debian-development)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)

set(CPACK_DEBIAN_CORDON_PACKAGE_NAME cordon)
set(CPACK_DEBIAN_CORDON_PACKAGE_SECTION net)
set(CPACK_DEBIAN_CORDON_PACKAGE_DEPENDS "ca-certificates")
set(CPACK_DEBIAN_CORDON_DESCRIPTION
"An application or an AI agent sends its requests through Cordon with a dummy
key, or with none. For the hosts that its owner configured, Cordon puts the
real credential in, which comes out of the owner's secret store at the moment
it is needed. The client never holds it.")
set(CPACK_DEBIAN_LIBCORDON-DEV_PACKAGE_NAME libcordon-dev)
set(CPACK_DEBIAN_LIBCORDON-DEV_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_LIBCORDON-DEV_PACKAGE_DEPENDS
  "android-libboringssl-dev, libfmt-dev, libtomlplusplus-dev, libidn-dev, libunistring-dev, libsecret-1-dev, pkgconf | pkg-config")
if(Llhttp_LIBRARY)
  string(APPEND CPACK_DEBIAN_LIBCORDON-DEV_PACKAGE_DEPENDS ", libllhttp-dev")
endif()
set(CPACK_DEBIAN_LIBCORDON-DEV_DESCRIPTION
"The proxy behind the cordon command as a static library, with its headers and
what CMake's find_package(cordon) needs.")

include(CPack)
cpack_add_component_group(cordon)
cpack_add_component_group(libcordon-dev)
cpack_add_component(program GROUP cordon)
cpack_add_component(debian GROUP cordon)
cpack_add_component(development GROUP libcordon-dev)
cpack_add_component(debian-development GROUP libcordon-dev)
