# Runs CheckLayers.cmake on a tree that breaks each rule once; fails unless it fails and says exactly what expected.txt lists.
execute_process(
  COMMAND ${CMAKE_COMMAND} -D ROOT=${TREE} -P ${CHECKER}
  RESULT_VARIABLE status OUTPUT_VARIABLE out ERROR_VARIABLE out)
if(status EQUAL 0)
  message(FATAL_ERROR "CheckLayers.cmake accepted ${TREE}")
endif()
file(READ ${TREE}/expected.txt expected)
string(FIND "${out}" "${expected}" place)
string(REGEX MATCHALL "\n" expected_lines "${expected}")
string(REGEX MATCHALL "(^|\n)[a-z][a-z-]*/[^\n]*: " reported_lines "${out}")
list(LENGTH expected_lines expected_count)
list(LENGTH reported_lines reported_count)
if(place LESS 0 OR NOT expected_count EQUAL reported_count)
  message(FATAL_ERROR "expected\n${expected}\nbut CheckLayers.cmake says\n${out}")
endif()
