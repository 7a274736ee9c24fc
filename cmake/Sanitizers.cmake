# PRUN_SANITIZE=address,undefined or thread: applied to everything built here, so that one binary never mixes both kinds.
# How much debug information there is, is the preset's to say: lines are enough for a report, and quick to write.
if(PRUN_SANITIZE)
  add_compile_options(-fsanitize=${PRUN_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${PRUN_SANITIZE})
endif()
# Fuzzers go where the code branches, so all of it says where it is.
if(PRUN_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
