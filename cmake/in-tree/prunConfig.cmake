# find_package(prun) inside prun's own build: the library is the target made by runtime/.
if(NOT TARGET prun::prun)
  message(FATAL_ERROR "cmake/in-tree is for prun's own build; elsewhere point prun_DIR at an installed prun")
endif()
set(prun_FOUND TRUE)
