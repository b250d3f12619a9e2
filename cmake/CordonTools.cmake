# Targets to call by hand: `tidy`, `reformat`, and with CORDON_COVERAGE `coverage-report`.
include(ProcessorCount)
ProcessorCount(jobs)

# Clang 14 cannot read <expected>, so an older clang-tidy is of no use.
find_program(CORDON_RUN_CLANG_TIDY NAMES run-clang-tidy-19 run-clang-tidy-20)
if(CORDON_RUN_CLANG_TIDY)
  string(REGEX REPLACE "run-clang-tidy" "clang-tidy" clang_tidy ${CORDON_RUN_CLANG_TIDY})
  add_custom_target(tidy
    COMMAND ${CORDON_RUN_CLANG_TIDY} -clang-tidy-binary ${clang_tidy} -p ${PROJECT_BINARY_DIR} -j ${jobs} -quiet
      "${PROJECT_SOURCE_DIR}/(libcordon|cordon-cli)/.*"
    USES_TERMINAL)
endif()

# Other versions format differently.
find_program(CORDON_CLANG_FORMAT NAMES clang-format-14 clang-format)
if(CORDON_CLANG_FORMAT)
  add_custom_target(reformat
    COMMAND ${CMAKE_COMMAND} -D ROOT=${PROJECT_SOURCE_DIR} -D CLANG_FORMAT=${CORDON_CLANG_FORMAT} -D FIX=ON
      -P ${PROJECT_SOURCE_DIR}/cmake/CheckFormat.cmake
    USES_TERMINAL)
endif()

if(CORDON_COVERAGE)
  find_program(CORDON_GCOVR gcovr REQUIRED)
  # The line rate of libcordon on the terminal, every line in coverage/index.html. Run the tests first.
  add_custom_target(coverage-report
    COMMAND ${CMAKE_COMMAND} -E make_directory ${PROJECT_BINARY_DIR}/coverage
    COMMAND ${CORDON_GCOVR} -j ${jobs} --root ${PROJECT_SOURCE_DIR} --filter ${PROJECT_SOURCE_DIR}/libcordon/
      --exclude-throw-branches --print-summary --txt ${PROJECT_BINARY_DIR}/coverage/lines.txt
      --html-details ${PROJECT_BINARY_DIR}/coverage/index.html ${PROJECT_BINARY_DIR}
    USES_TERMINAL)
endif()
