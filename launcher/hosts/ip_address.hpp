#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>

namespace prun::hosts {

// A numeric address of the Internet, of either kind. A plain value; zones (%eth0) are left out.
struct IpAddress {
  bool ipv6 = false;
  std::array<std::uint8_t, 16> bytes{};  // an IPv4 address has the first four

  static std::optional<IpAddress> parse(const std::string& text);

  unsigned bits() const { return ipv6 ? 128 : 32; }
  // For this host alone; for its neighbours on one cable alone.
  bool is_loopback() const;
  bool is_link_local() const;
  // Whether the first `prefix` bits are those of the network, which is of the same kind.
  bool is_in(const IpAddress& network, unsigned prefix) const;
};

}  // namespace prun::hosts
