#pragma once

#include <cstdint>
#include <string>

namespace prun::hosts {

// A machine as the user named it. A plain value.
struct Host {
  std::string name;  // exactly as typed: what ssh is given, so that ~/.ssh/config aliases work
  std::string user;  // empty: ssh decides
  std::uint16_t port = 0;  // 0: ssh decides
  std::uint32_t slots = 1;
  bool slots_given = false;

  bool operator==(const Host&) const = default;
};

}  // namespace prun::hosts
