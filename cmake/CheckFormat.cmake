# Fails, naming file and line, when a source is not formatted as .clang-format says; with FIX it formats them instead.
#
#   cmake -D ROOT=<source folder> -D CLANG_FORMAT=<program> [-D FIX=ON] -P cmake/CheckFormat.cmake
cmake_minimum_required(VERSION 3.25)
execute_process(COMMAND ${CLANG_FORMAT} --version OUTPUT_VARIABLE version ERROR_VARIABLE version)
if(NOT version MATCHES "version 14\\.") # others format differently
  message("skipped: clang-format 14 is not installed")
  return()
endif()

file(GLOB_RECURSE sources
  ${ROOT}/libcordon/*.[ch]pp ${ROOT}/cordon-cli/*.[ch]pp ${ROOT}/tests/*.[ch]pp ${ROOT}/bench/*.[ch]pp)
if(FIX)
  set(mode -i)
else()
  set(mode --dry-run -Werror --ferror-limit=1)
endif()
execute_process(COMMAND ${CLANG_FORMAT} --style=file ${mode} ${sources} RESULT_VARIABLE status)
if(NOT status EQUAL 0)
  message(FATAL_ERROR "not formatted; `cmake --build <folder> --target reformat` mends it")
endif()
