#include "launcher/agent/host_addresses.hpp"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>

#include "launcher/system/files.hpp"

namespace prun::agent {
namespace {

constexpr std::size_t most_of_a_boot_id = 64;

template <class Address>
Address copy_of(const sockaddr* address) {
  Address copy{};
  std::memcpy(&copy, address, sizeof copy);
  return copy;
}

// Empty for what is no address of the Internet.
std::string numeric(const sockaddr* address) {
  if (address == nullptr) return {};
  std::array<char, INET6_ADDRSTRLEN> text{};
  const char* written = nullptr;
  if (address->sa_family == AF_INET) {
    const auto ipv4 = copy_of<sockaddr_in>(address);
    written = ::inet_ntop(AF_INET, &ipv4.sin_addr, text.data(), text.size());
  } else if (address->sa_family == AF_INET6) {
    const auto ipv6 = copy_of<sockaddr_in6>(address);
    written = ::inet_ntop(AF_INET6, &ipv6.sin6_addr, text.data(), text.size());
  }
  return written == nullptr ? std::string() : std::string(written);
}

}  // namespace

std::vector<bootstrap::InterfaceAddress> own_addresses() {
  std::vector<bootstrap::InterfaceAddress> found;
  ifaddrs* list = nullptr;
  if (::getifaddrs(&list) != 0) return found;
  const std::unique_ptr<ifaddrs, void (*)(ifaddrs*)> owner(list, &::freeifaddrs);
  for (const ifaddrs* each = list; each != nullptr; each = each->ifa_next) {
    std::string address = numeric(each->ifa_addr);
    if (!address.empty() && (each->ifa_flags & IFF_UP) != 0)
      found.push_back({each->ifa_name, std::move(address)});
  }
  // Every interface has an entry of its own in the list, which tells of its hardware.
  for (const ifaddrs* each = list; each != nullptr; each = each->ifa_next) {
    const bool known = std::any_of(found.begin(), found.end(), [each](const auto& one) {
      return one.interface == each->ifa_name;
    });
    if (!known) found.push_back({each->ifa_name, {}});
  }
  return found;
}

std::string network_identity() {
  struct stat space {};
  if (::stat("/proc/self/ns/net", &space) != 0) return {};
  std::string boot = system::read_file("/proc/sys/kernel/random/boot_id", most_of_a_boot_id);
  while (!boot.empty() && boot.back() == '\n') boot.pop_back();
  if (boot.empty()) return {};
  return boot + " " + std::to_string(space.st_ino);
}

}  // namespace prun::agent
