# Fails unless every public header compiles alone, twice over, with each of COMPILERS and nothing on the include path but
# libcordon/include.
#
#   cmake -D INCLUDE=libcordon/include -D COMPILERS=g++,clang++ -D WORK=<scratch folder> -P cmake/CheckHeaders.cmake
cmake_minimum_required(VERSION 3.25)
string(REPLACE "," ";" COMPILERS "${COMPILERS}")

file(GLOB headers RELATIVE ${INCLUDE} ${INCLUDE}/cordon/*.hpp)
if(NOT headers)
  message(FATAL_ERROR "no headers in ${INCLUDE}/cordon")
endif()
foreach(header IN LISTS headers)
  string(MAKE_C_IDENTIFIER "${header}" name)
  file(CONFIGURE OUTPUT ${WORK}/${name}.cpp CONTENT "#include <${header}>\n#include <${header}>\n")
  foreach(compiler IN LISTS COMPILERS)
    execute_process(
      COMMAND ${compiler} -std=c++23 -fsyntax-only -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror
        -I ${INCLUDE} ${WORK}/${name}.cpp
      RESULT_VARIABLE status ERROR_VARIABLE report)
    if(NOT status EQUAL 0)
      message(SEND_ERROR "${compiler}: <${header}> does not compile alone:\n${report}")
    endif()
  endforeach()
endforeach()
