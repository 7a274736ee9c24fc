# Warnings for prun's own code. The target is linked PRIVATE and never exported.
add_library(prun_warnings INTERFACE)
target_compile_options(prun_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Wnon-virtual-dtor -Woverloaded-virtual
  -Wold-style-cast -Wcast-align -Wundef -Wimplicit-fallthrough -Wdouble-promotion)
# Sources that are compiled together (JoinSources) hide names of each other by chance.
if(NOT PRUN_SANITIZE)
  target_compile_options(prun_warnings INTERFACE -Wshadow)
endif()
if(PRUN_WARNINGS_AS_ERRORS)
  target_compile_options(prun_warnings INTERFACE -Werror)
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # Everything is built by one compiler: how gcc 6 passed parameters on ARM is of no interest.
  target_compile_options(prun_warnings INTERFACE -Wduplicated-cond -Wlogical-op -Wno-psabi)
endif()
