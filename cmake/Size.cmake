# For code that nobody waits for and every host keeps a copy of: launcher and agent. The target is linked PRIVATE.
add_library(prun_small INTERFACE)
target_compile_options(prun_small INTERFACE $<$<CONFIG:Release>:-Os>)
