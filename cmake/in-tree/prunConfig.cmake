# find_package(prun) inside prun's own build: the library is the target made by runtime/.
if(NOT TARGET prun::prun)
  message(FATAL_ERROR "cmake/in-tree is for prun's own build; elsewhere point prun_DIR at an installed prun")
endif()
set(prun_FOUND TRUE)
# What is built here is prun's own code, and warned about as that; applies to the folder that asks for prun.
link_libraries(prun_warnings)
