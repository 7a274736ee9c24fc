# One call per test; every test has a time limit and says what it is by its name and label.
include(GoogleTest)

# prun_unit_test(<name> SOURCES <file>... [LIBRARIES <target>...] [LABEL <label>] [TIMEOUT <seconds>])
# A GoogleTest program; each of its tests becomes a test of ctest, named <label>.<suite>.<test>. In a release build the
# parts under test are optimised as users get them; the tests themselves only as far as their compilation stays quick.
function(prun_unit_test name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "LABEL;TIMEOUT" "SOURCES;LIBRARIES")
  if(NOT arg_LABEL)
    set(arg_LABEL unit)
  endif()
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 60)
  endif()
  add_executable(${name} ${arg_SOURCES})
  target_compile_options(${name} PRIVATE $<$<CONFIG:Release>:-O1>)
  target_link_libraries(${name} PRIVATE ${arg_LIBRARIES} prun_warnings GTest::gmock GTest::gtest_main)
  target_include_directories(${name} PRIVATE "${PROJECT_SOURCE_DIR}")
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/tests")
  gtest_discover_tests(${name} TEST_PREFIX "${arg_LABEL}." DISCOVERY_TIMEOUT 60
                       PROPERTIES LABELS ${arg_LABEL} TIMEOUT ${arg_TIMEOUT})
endfunction()

# prun_ranks_test(<name> SOURCES <file>... RANKS <number>... [SHM <way>...] [ENCRYPTED <number>...]
#                 [LIBRARIES <target>...] [OPTIONS <of prun>...] [TIMEOUT <seconds>])
# A GoogleTest program whose tests every rank runs: a test of ctest for each number of ranks, named ranks.<name>.<number>,
# and with two ranks for each further value of PRUN_SHM, named ranks.<name>.shm_<way>. With so many ranks as ENCRYPTED
# says they run over TCP and --encrypt as well, named ranks.<name>.encrypted_<number>.
function(prun_ranks_test name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "TIMEOUT" "SOURCES;RANKS;SHM;ENCRYPTED;LIBRARIES;OPTIONS")
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 120)
  endif()
  add_executable(${name}_ranks ${arg_SOURCES} "${PROJECT_SOURCE_DIR}/tests/ranks/rank_main.cpp")
  target_link_libraries(${name}_ranks PRIVATE prun::prun ${arg_LIBRARIES} prun_warnings GTest::gmock GTest::gtest)
  target_include_directories(${name}_ranks PRIVATE "${PROJECT_SOURCE_DIR}")
  set_target_properties(${name}_ranks PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/tests")
  foreach(ranks IN LISTS arg_RANKS)
    add_test(NAME ranks.${name}.${ranks} COMMAND prun_command ${arg_OPTIONS} -n ${ranks} $<TARGET_FILE:${name}_ranks>)
    set_tests_properties(ranks.${name}.${ranks} PROPERTIES LABELS ranks TIMEOUT ${arg_TIMEOUT})
  endforeach()
  foreach(way IN LISTS arg_SHM)
    add_test(NAME ranks.${name}.shm_${way} COMMAND prun_command ${arg_OPTIONS} -n 2 $<TARGET_FILE:${name}_ranks>)
    set_tests_properties(ranks.${name}.shm_${way} PROPERTIES LABELS ranks TIMEOUT ${arg_TIMEOUT}
                         ENVIRONMENT "PRUN_SHM=${way}")
  endforeach()
  foreach(ranks IN LISTS arg_ENCRYPTED)
    add_test(NAME ranks.${name}.encrypted_${ranks}
      COMMAND prun_command ${arg_OPTIONS} --encrypt -x PRUN_SHM=off -n ${ranks} $<TARGET_FILE:${name}_ranks>)
    set_tests_properties(ranks.${name}.encrypted_${ranks} PROPERTIES LABELS ranks TIMEOUT ${arg_TIMEOUT})
  endforeach()
endfunction()

# prun_python_test(<name> SCRIPT <file> [LABEL <label>] [TIMEOUT <seconds>] [ARGS ...] [PROPERTIES ...])
# A Python unittest program from the standard library. PRUN_BIN names the folder of the programs under test.
function(prun_python_test name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "SCRIPT;LABEL;TIMEOUT" "ARGS;PROPERTIES")
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 120)
  endif()
  add_test(NAME ${arg_LABEL}.${name}
           COMMAND Python3::Interpreter "${CMAKE_CURRENT_SOURCE_DIR}/${arg_SCRIPT}" -v ${arg_ARGS})
  set_tests_properties(${arg_LABEL}.${name} PROPERTIES LABELS ${arg_LABEL} TIMEOUT ${arg_TIMEOUT}
    ENVIRONMENT "PRUN_BIN=${CMAKE_RUNTIME_OUTPUT_DIRECTORY};PRUN_SOURCE=${PROJECT_SOURCE_DIR};SANITIZE=${PRUN_SANITIZE};PYTHONPATH=${PROJECT_SOURCE_DIR}/tests/support;PYTHONDONTWRITEBYTECODE=1"
    ${arg_PROPERTIES})
endfunction()
