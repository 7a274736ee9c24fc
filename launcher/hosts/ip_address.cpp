#include "launcher/hosts/ip_address.hpp"

#include <arpa/inet.h>

#include <algorithm>

namespace prun::hosts {

std::optional<IpAddress> IpAddress::parse(const std::string& text) {
  const std::string bare = text.substr(0, text.find('%'));
  IpAddress address;
  if (::inet_pton(AF_INET, bare.c_str(), address.bytes.data()) == 1) return address;
  address.ipv6 = true;
  if (::inet_pton(AF_INET6, bare.c_str(), address.bytes.data()) == 1) return address;
  return std::nullopt;
}

bool IpAddress::is_loopback() const {
  if (!ipv6) return bytes[0] == 127;
  return bytes.back() == 1 &&
         std::all_of(bytes.begin(), bytes.end() - 1, [](std::uint8_t byte) { return byte == 0; });
}

bool IpAddress::is_link_local() const {
  if (!ipv6) return bytes[0] == 169 && bytes[1] == 254;
  return bytes[0] == 0xfe && (bytes[1] & 0xc0) == 0x80;
}

bool IpAddress::is_in(const IpAddress& network, unsigned prefix) const {
  if (ipv6 != network.ipv6) return false;
  for (unsigned bit = 0; bit < prefix; ++bit) {
    const unsigned mask = 0x80u >> (bit % 8);
    if ((bytes[bit / 8] & mask) != (network.bytes[bit / 8] & mask)) return false;
  }
  return true;
}

}  // namespace prun::hosts
