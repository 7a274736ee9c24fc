#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace prun::bench {

// Fills in made-up prose: words of a vocabulary of 4096 by their rank as in English (Zipf), a third of
// them in the company they like to keep, in sentences and paragraphs. LZ4 makes of it what it makes
// of English: blocks of 64 KiB shrink to about 55 %, to 43 % at its higher levels. Every value follows
// from the seed and from what stands before.
void fill_text(std::span<std::byte> data, std::uint64_t seed);

}  // namespace prun::bench
