# Standalone Asio (header package). Defines Asio::Asio. The non-template part is compiled once, in runtime/core/asio.cpp.
find_path(Asio_INCLUDE_DIR asio.hpp)
mark_as_advanced(Asio_INCLUDE_DIR)

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(Asio
  REQUIRED_VARS Asio_INCLUDE_DIR
  REASON_FAILURE_MESSAGE "on Debian: apt-get install libasio-dev")

if(Asio_FOUND AND NOT TARGET Asio::Asio)
  add_library(Asio::Asio INTERFACE IMPORTED)
  set_target_properties(Asio::Asio PROPERTIES
    INTERFACE_INCLUDE_DIRECTORIES "${Asio_INCLUDE_DIR}"
    # Whether Asio sees std::aligned_alloc depends on what a source includes before it: memory would be taken from one
    # allocator and given back to another.
    INTERFACE_COMPILE_DEFINITIONS
      "ASIO_STANDALONE;ASIO_SEPARATE_COMPILATION;ASIO_NO_DEPRECATED;ASIO_DISABLE_STD_ALIGNED_ALLOC")
endif()
