#include "launcher/hosts/network_wish.hpp"

#include <net/if.h>

#include <algorithm>
#include <utility>

#include "launcher/hosts/number.hpp"

namespace prun::hosts {
namespace {

core::Failure refused(const std::string& text) {
  return {Errc::invalid_argument, text};
}

core::Result<NetworkWish> parse_one(const std::string& text) {
  NetworkWish wish;
  wish.typed = text;
  const auto slash = text.find('/');
  const auto address = IpAddress::parse(text.substr(0, slash));
  if (slash != text.npos) {
    const auto prefix = parse_number(text.substr(slash + 1));
    if (!address || !prefix || *prefix > address->bits())
      return refused("'" + text + "' is not a network; for example: --iface 10.0.0.0/24");
    wish.is_network = true;
    wish.network = *address;
    wish.prefix = *prefix;
    return wish;
  }
  if (address) {
    return refused("'" + text + "' is the address of one host; name the network of all, such as " +
                   (address->ipv6 ? "fd00::/64" : "10.0.0.0/24") + ", or an interface");
  }
  if (text.size() >= IFNAMSIZ || text.find_first_of(" \t") != text.npos)
    return refused("'" + text + "' is not the name of an interface; for example: --iface eth0");
  return wish;
}

}  // namespace

bool NetworkWish::fits(const std::string& interface, const IpAddress& address) const {
  return is_network ? address.is_in(network, prefix) : interface == typed;
}

core::Result<std::vector<NetworkWish>> parse_network_wishes(const std::string& text) {
  std::vector<NetworkWish> wishes;
  for (std::size_t begin = 0; begin <= text.size();) {
    const auto comma = std::min(text.find(',', begin), text.size());
    if (comma > begin) {
      auto wish = parse_one(text.substr(begin, comma - begin));
      if (!wish) return wish.failure();
      wishes.push_back(std::move(wish).value());
    }
    begin = comma + 1;
  }
  if (wishes.empty()) return refused("names an interface or a network; for example: --iface eth0");
  return wishes;
}

}  // namespace prun::hosts
