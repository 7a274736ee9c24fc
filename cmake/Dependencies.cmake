# Every package prun is built from, by its Debian name. Found here once; nothing is downloaded or vendored.
find_package(Threads REQUIRED)
find_package(Sodium REQUIRED)          # libsodium-dev
find_package(Asio REQUIRED)            # libasio-dev
find_package(LZ4 REQUIRED)             # liblz4-dev
if(PRUN_AGENT_ONLY)
  # The packages below describe themselves for this machine's processor; of them the agent needs headers, which are the
  # same for all.
  find_package(FmtHeaders REQUIRED)    # libfmt-dev, which libspdlog-dev brings
  return()
endif()
find_package(spdlog REQUIRED)          # libspdlog-dev
find_package(cereal REQUIRED)          # libcereal-dev: tests and examples of <prun/serialize.hpp>
if(PRUN_BUILD_LAUNCHER OR PRUN_BUILD_EXAMPLES OR PRUN_BUILD_BENCH)
  find_package(CLI11 REQUIRED)         # libcli11-dev
  find_package(nlohmann_json REQUIRED) # nlohmann-json3-dev
endif()
if(PRUN_BUILD_TESTS)
  find_package(GTest REQUIRED)         # libgtest-dev, libgmock-dev
  find_package(Python3 REQUIRED COMPONENTS Interpreter)
endif()
