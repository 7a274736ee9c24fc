#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "runtime/security/handshake.hpp"
#include "runtime/wire/codec.hpp"

namespace prun::security {

// The hellos that one listener has heard lately. Whoever plays a recorded one back has no key and
// would only take the place of somebody who has: he is not answered. A plain object of one thread;
// holds 8 KiB at most.
class SeenHellos {
 public:
  // Of a hello whose hash is right: whether it was never heard before, as far as is known.
  bool first_time(const Hello& hello) {
    const auto hash = wire::load_little<std::uint64_t>(hello.data() + hello_bytes - 32);
    if (std::find(hashes_.begin(), hashes_.end(), hash) != hashes_.end()) return false;
    if (hashes_.size() < most) {
      hashes_.push_back(hash);
    } else {
      hashes_[oldest_] = hash;
      oldest_ = (oldest_ + 1) % most;
    }
    return true;
  }

 private:
  static constexpr std::size_t most = 1024;

  std::vector<std::uint64_t> hashes_;
  std::size_t oldest_ = 0;
};

}  // namespace prun::security
