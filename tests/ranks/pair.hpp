#pragma once

#include <cstddef>
#include <span>

#include "tests/ranks/rank_main.hpp"

// Tests between ranks 0 and 1 only; the others wait for them.
namespace prun::test {

inline bool takes_part() {
  return world().rank() < 2;
}
inline int other() {
  return 1 - world().rank();
}

inline void ping_pong(std::span<std::byte> data, int count) {
  for (int i = 0; i < count; ++i) {
    if (world().rank() == 0) world().send(std::span<const std::byte>(data), 1);
    world().recv(data, other(), 0);
    if (world().rank() == 1) world().send(std::span<const std::byte>(data), 0);
  }
}

}  // namespace prun::test
