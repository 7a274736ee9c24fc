# Run by the installation: makes one object of an installed static library. Each of its objects has its own copy of the
# templates they share, and names that only a debugger wants; joined and without those it takes two thirds of the room.
# Expects ARCHIVE, and LINKER, STRIP and AR as the build has them.
get_filename_component(folder "${ARCHIVE}" DIRECTORY)
set(joined "${folder}/prun.o")
execute_process(COMMAND "${LINKER}" -r --whole-archive "${ARCHIVE}" -o "${joined}" RESULT_VARIABLE failed ERROR_VARIABLE why)
if(NOT failed)
  execute_process(COMMAND "${STRIP}" --strip-unneeded "${joined}" RESULT_VARIABLE failed ERROR_VARIABLE why)
endif()
if(NOT failed)
  execute_process(COMMAND "${AR}" qcs "${joined}.a" "${joined}" RESULT_VARIABLE failed ERROR_VARIABLE why)
endif()
if(failed)
  message(WARNING "${ARCHIVE} is larger than it need be, its objects could not be joined: ${why}")
else()
  file(RENAME "${joined}.a" "${ARCHIVE}")
endif()
file(REMOVE "${joined}" "${joined}.a")
