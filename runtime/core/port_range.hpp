#pragma once

#include <cstdint>
#include <string>

namespace prun::core {

// TCP ports to listen on, both ends included. Zeros: the system chooses. The numbers travel.
struct PortRange {
  std::uint16_t first = 0;
  std::uint16_t last = 0;

  bool given() const { return first != 0; }
  // Whether it is a range at all: what came from elsewhere is held against this.
  bool valid() const { return first <= last && (first != 0 || last == 0); }
  std::uint32_t size() const { return given() ? std::uint32_t{last} - first + 1 : 0; }
  // "5000-5100", or "5000:5100" as firewalls write it.
  std::string text(char between = '-') const {
    return std::to_string(first) + between + std::to_string(last);
  }
  bool operator==(const PortRange&) const = default;
};

}  // namespace prun::core
