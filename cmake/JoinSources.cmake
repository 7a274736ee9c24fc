# Compiles the sources of libraries together, a dozen at a time: half of the time of a build in which nothing was compiled
# before goes into headers. For builds that are made to be tested once (sanitizers); whoever works on a source, and users, have
# each on its own.
function(prun_join_sources)
  foreach(target IN LISTS ARGN)
    if(TARGET ${target})
      set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 12)
    endif()
  endforeach()
endfunction()

# Sources that cannot stand together with others of their library: they use a name that another of them has for something else,
# or system headers that exclude each other.
function(prun_keep_apart library)
  set_source_files_properties(${ARGN} TARGET_DIRECTORY ${library} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
endfunction()
