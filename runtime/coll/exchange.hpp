#pragma once

#include <cstddef>
#include <span>

#include "runtime/coll/cuts.hpp"
#include "runtime/coll/transfers.hpp"

namespace prun::coll {

// Two members give each other a block each, in segments: short enough, none of them has to ask
// first. Both know the sizes of both blocks.
inline Task exchange(Team team, int partner, std::span<const std::byte> giving,
                     std::span<std::byte> taking) {
  const Segments arriving(team, taking.size());
  const Segments leaving(team, giving.size());
  Receives incoming;
  Sends outgoing;
  for (std::size_t k = 0; k < arriving.count(); ++k)
    incoming.start(team, partner, arriving.of(taking, k));
  for (std::size_t k = 0; k < leaving.count(); ++k)
    outgoing.start(team, partner, leaving.of(giving, k));
  while (!incoming.empty()) co_await incoming.oldest();
  while (!outgoing.empty()) co_await outgoing.oldest();
}

}  // namespace prun::coll
