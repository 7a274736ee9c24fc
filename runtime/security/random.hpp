#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

// Random bytes for keys, nonces and job numbers.
namespace prun::security {

// Fills the span with bytes from the system's generator. Any thread.
void random_bytes(std::span<std::byte> out);

std::uint64_t random_u64();

}  // namespace prun::security
