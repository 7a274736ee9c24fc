# liblz4, the static library where there is one: a program linked with prun then runs on a worker that has no liblz4.
# Defines LZ4::LZ4. Installed beside prunConfig.cmake, which needs it too.
find_path(LZ4_INCLUDE_DIR lz4hc.h)
find_library(LZ4_LIBRARY NAMES liblz4.a lz4)
mark_as_advanced(LZ4_INCLUDE_DIR LZ4_LIBRARY)

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(LZ4
  REQUIRED_VARS LZ4_LIBRARY LZ4_INCLUDE_DIR
  REASON_FAILURE_MESSAGE "on Debian: apt-get install liblz4-dev")

if(LZ4_FOUND AND NOT TARGET LZ4::LZ4)
  add_library(LZ4::LZ4 UNKNOWN IMPORTED)
  set_target_properties(LZ4::LZ4 PROPERTIES
    IMPORTED_LOCATION "${LZ4_LIBRARY}"
    INTERFACE_INCLUDE_DIRECTORIES "${LZ4_INCLUDE_DIR}")
endif()
