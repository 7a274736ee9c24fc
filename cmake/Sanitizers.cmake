# PRUN_SANITIZE=address,undefined or thread: applied to everything built here, so that one binary never mixes both kinds.
if(PRUN_SANITIZE)
  add_compile_options(-fsanitize=${PRUN_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer -g)
  add_link_options(-fsanitize=${PRUN_SANITIZE})
endif()
