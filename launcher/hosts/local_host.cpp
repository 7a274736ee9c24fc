#include "launcher/hosts/local_host.hpp"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pwd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <condition_variable>
#include <cstring>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

#include "launcher/hosts/host_list.hpp"

namespace prun::hosts {
namespace {

constexpr std::size_t max_lookups_at_once = 16;

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  if (!result.empty() && result.back() == '.') result.pop_back();
  return result;
}

// One spelling for one address: no zone, no IPv4 dressed as IPv6.
std::string canonical(std::string_view address) {
  std::string text(address.substr(0, address.find('%')));
  in6_addr v6{};
  char spelled[INET6_ADDRSTRLEN] = "";
  if (inet_pton(AF_INET6, text.c_str(), &v6) == 1) {
    if (IN6_IS_ADDR_V4MAPPED(&v6))
      return inet_ntop(AF_INET, v6.s6_addr + 12, spelled, sizeof spelled);
    return inet_ntop(AF_INET6, &v6, spelled, sizeof spelled);
  }
  return text;
}

bool is_own_address(std::string_view address, const ThisMachine& machine) {
  const std::string wanted = canonical(address);
  if (wanted == "::1" || wanted.rfind("127.", 0) == 0) return true;
  return std::any_of(machine.addresses.begin(), machine.addresses.end(),
                     [&wanted](const std::string& own) { return canonical(own) == wanted; });
}

bool is_own_name(std::string_view name, const ThisMachine& machine) {
  const std::string wanted = lower(name);
  if (wanted == "localhost" || wanted == "localhost.localdomain" || wanted == "ip6-localhost")
    return true;
  const std::string full = lower(machine.host_name);
  if (full.empty()) return false;
  const std::string brief = full.substr(0, full.find('.'));
  return wanted == full || wanted == brief || wanted == brief + ".local";
}

// What the list already says, or nothing if only a lookup can tell.
std::optional<bool> known_without_lookup(const Host& host, const ThisMachine& machine) {
  if (host.port != 0 || (!host.user.empty() && host.user != machine.user)) return false;
  if (is_address(host.name)) return is_own_address(host.name, machine);
  if (is_own_name(host.name, machine)) return true;
  return std::nullopt;
}

bool any_is_own(const std::vector<std::string>& addresses, const ThisMachine& machine) {
  return std::any_of(addresses.begin(), addresses.end(), [&machine](const std::string& address) {
    return is_own_address(address, machine);
  });
}

// Shared by the caller and the lookups, which may outlive the call.
struct Lookups {
  Resolve resolve;
  std::vector<std::string> names;

  std::mutex mutex;
  std::condition_variable changed;
  std::vector<std::vector<std::string>> addresses;
  std::size_t next = 0;
  std::size_t finished = 0;
  bool abandoned = false;

  void work() {
    std::unique_lock lock(mutex);
    while (!abandoned && next < names.size()) {
      const std::size_t index = next++;
      lock.unlock();
      auto found = resolve(names[index]);
      lock.lock();
      addresses[index] = std::move(found);
      ++finished;
      changed.notify_one();
    }
  }
};

// The addresses of each name, looked up side by side; those not found within the limit are empty.
std::vector<std::vector<std::string>> resolve_all(std::vector<std::string> names,
                                                  const Resolve& resolve,
                                                  std::chrono::milliseconds limit) {
  if (names.empty()) return {};
  const std::size_t wanted = names.size();
  auto lookups = std::make_shared<Lookups>();
  lookups->names = std::move(names);
  lookups->resolve = resolve;
  lookups->addresses.resize(wanted);
  const auto deadline = std::chrono::steady_clock::now() + limit;
  for (std::size_t i = 0; i < std::min(wanted, max_lookups_at_once); ++i) {
    std::thread([lookups] { lookups->work(); }).detach();
  }
  std::unique_lock lock(lookups->mutex);
  lookups->changed.wait_until(lock, deadline, [&] { return lookups->finished == wanted; });
  lookups->abandoned = true;
  return lookups->addresses;
}

std::string numeric(const sockaddr* address, socklen_t length) {
  char text[NI_MAXHOST] = "";
  if (getnameinfo(address, length, text, sizeof text, nullptr, 0, NI_NUMERICHOST) != 0) return {};
  return text;
}

}  // namespace

ThisMachine describe_this_machine() {
  ThisMachine machine;
  char name[256] = "";
  if (gethostname(name, sizeof name - 1) == 0) machine.host_name = name;

  char room[4096];
  passwd entry{};
  passwd* found = nullptr;
  if (getpwuid_r(geteuid(), &entry, room, sizeof room, &found) == 0 && found != nullptr)
    machine.user = found->pw_name;

  ifaddrs* list = nullptr;
  if (getifaddrs(&list) != 0) return machine;
  for (const ifaddrs* one = list; one != nullptr; one = one->ifa_next) {
    if (one->ifa_addr == nullptr) continue;
    const bool is_v4 = one->ifa_addr->sa_family == AF_INET;
    if (!is_v4 && one->ifa_addr->sa_family != AF_INET6) continue;
    std::string address = numeric(
        one->ifa_addr, static_cast<socklen_t>(is_v4 ? sizeof(sockaddr_in) : sizeof(sockaddr_in6)));
    if (!address.empty()) machine.addresses.push_back(std::move(address));
  }
  freeifaddrs(list);
  return machine;
}

std::vector<std::string> resolve_name(const std::string& name) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  if (getaddrinfo(name.c_str(), nullptr, &hints, &list) != 0) return {};
  std::vector<std::string> addresses;
  for (const addrinfo* one = list; one != nullptr; one = one->ai_next) {
    std::string address = numeric(one->ai_addr, one->ai_addrlen);
    if (!address.empty()) addresses.push_back(std::move(address));
  }
  freeaddrinfo(list);
  return addresses;
}

bool is_this_machine(const Host& host, const ThisMachine& machine, const Resolve& resolve) {
  const auto known = known_without_lookup(host, machine);
  return known ? *known : any_is_own(resolve(host.name), machine);
}

std::vector<bool> which_are_this_machine(const std::vector<Host>& hosts, const ThisMachine& machine,
                                         const Resolve& resolve, std::chrono::milliseconds limit) {
  std::vector<bool> own(hosts.size(), false);
  std::vector<std::size_t> asked;
  std::vector<std::string> names;
  for (std::size_t i = 0; i < hosts.size(); ++i) {
    const auto known = known_without_lookup(hosts[i], machine);
    if (known) {
      own[i] = *known;
    } else {
      asked.push_back(i);
      names.push_back(hosts[i].name);
    }
  }
  const auto addresses = resolve_all(std::move(names), resolve, limit);
  for (std::size_t i = 0; i < asked.size(); ++i) own[asked[i]] = any_is_own(addresses[i], machine);
  return own;
}

std::vector<HostLookup> look_up(const std::vector<Host>& hosts, const ThisMachine& machine,
                                const Resolve& resolve, std::chrono::milliseconds limit) {
  std::vector<std::string> names;
  names.reserve(hosts.size());
  for (const auto& host : hosts) names.push_back(host.name);
  auto addresses = resolve_all(std::move(names), resolve, limit);
  std::vector<HostLookup> lookups;
  for (std::size_t i = 0; i < hosts.size(); ++i) {
    const auto known = known_without_lookup(hosts[i], machine);
    const bool here = known ? *known : any_is_own(addresses[i], machine);
    lookups.push_back({here, std::move(addresses[i])});
  }
  return lookups;
}

}  // namespace prun::hosts
