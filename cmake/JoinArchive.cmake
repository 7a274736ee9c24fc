# Run by the installation: makes one object of an installed static library. Each of its objects has its own copy of the
# templates they share, and names that only a debugger wants; joined and without those it takes half of the room.
# Expects ARCHIVE, and LINKER, STRIP and AR as the build has them. Where one of these has anything to say (objects for
# optimisation at link time are none of theirs), the library stays as it was built.
get_filename_component(folder "${ARCHIVE}" DIRECTORY)
set(joined "${folder}/prun.o")
foreach(command IN ITEMS
    "${LINKER};-r;--force-group-allocation;-T;${CMAKE_CURRENT_LIST_DIR}/JoinArchive.ld;--whole-archive;${ARCHIVE};-o;${joined}"
    "${STRIP};--strip-unneeded;${joined}"
    "${AR};qcs;${joined}.a;${joined}")
  execute_process(COMMAND ${command} RESULT_VARIABLE status ERROR_VARIABLE words)
  if(NOT status EQUAL 0 OR words)
    break()
  endif()
endforeach()
if(status EQUAL 0 AND NOT words)
  file(RENAME "${joined}.a" "${ARCHIVE}")
else()
  message(WARNING "${ARCHIVE} is larger than it need be, its objects could not be joined: ${status} ${words}")
endif()
file(REMOVE "${joined}" "${joined}.a")
