# The headers of fmt alone, which serve every processor. Defines fmt::fmt-header-only, as fmt's own package does.
find_path(FmtHeaders_INCLUDE_DIR fmt/format.h)
mark_as_advanced(FmtHeaders_INCLUDE_DIR)

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(FmtHeaders
  REQUIRED_VARS FmtHeaders_INCLUDE_DIR
  REASON_FAILURE_MESSAGE "on Debian: apt-get install libfmt-dev")

if(FmtHeaders_FOUND AND NOT TARGET fmt::fmt-header-only)
  add_library(fmt::fmt-header-only INTERFACE IMPORTED)
  set_target_properties(fmt::fmt-header-only PROPERTIES
    INTERFACE_INCLUDE_DIRECTORIES "${FmtHeaders_INCLUDE_DIR}"
    INTERFACE_COMPILE_DEFINITIONS FMT_HEADER_ONLY=1)
endif()
