// One target, PRUN_FUZZ_TARGET, as libFuzzer calls it.

#include <cstddef>
#include <cstdint>
#include <span>

#include "tests/fuzz/targets.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  prun::fuzz::PRUN_FUZZ_TARGET(std::as_bytes(std::span(data, size)));
  return 0;
}
