#include "launcher/hosts/host_words.hpp"

#include <fmt/format.h>

namespace prun::hosts {

std::string name_of(const Host& host) {
  std::string name = host.user.empty() ? host.name : host.user + "@" + host.name;
  if (host.port != 0) name += fmt::format(" port {}", host.port);
  return name;
}

std::string as_listed(const Host& host) {
  const bool is_ipv6 = host.name.find(':') != std::string::npos;
  std::string text = is_ipv6 ? "[" + host.name + "]" : host.name;
  if (!host.user.empty()) text = host.user + "@" + text;
  return host.port == 0 ? text : fmt::format("ssh://{}:{}", text, host.port);
}

bool is_same_login(const Host& a, const Host& b) {
  return a.name == b.name && a.user == b.user && a.port == b.port;
}

}  // namespace prun::hosts
