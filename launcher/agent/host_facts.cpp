#include "launcher/agent/host_facts.hpp"

#include <arpa/inet.h>
#include <sched.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <prun/version.hpp>

#include <array>
#include <charconv>
#include <cstdlib>
#include <vector>

#include "launcher/agent/host_addresses.hpp"

namespace prun::agent {
namespace {

bool is_numeric_address(const std::string& text) {
  const std::string bare = text.substr(0, text.find('%'));
  std::array<unsigned char, sizeof(in6_addr)> ignored{};
  return ::inet_pton(AF_INET, bare.c_str(), ignored.data()) == 1 ||
         ::inet_pton(AF_INET6, bare.c_str(), ignored.data()) == 1;
}

std::string plain_address(std::string text) {
  constexpr std::string_view mapped = "::ffff:";
  if (text.starts_with(mapped) && text.find('.') != std::string::npos) text.erase(0, mapped.size());
  return text;
}

// 0 for what is none.
std::uint16_t port_of(const std::string& text) {
  std::uint16_t port = 0;
  const auto* const end = text.data() + text.size();
  return std::from_chars(text.data(), end, port).ptr == end ? port : 0;
}

}  // namespace

std::uint32_t usable_cores() {
  // A mask of 1024 processors is refused by kernels that know more of them.
  for (std::size_t processors = 1024; processors <= 65536; processors *= 4) {
    std::vector<cpu_set_t> masks(processors / 1024);
    const std::size_t bytes = masks.size() * sizeof(cpu_set_t);
    if (::sched_getaffinity(0, bytes, masks.data()) == 0) {
      return static_cast<std::uint32_t>(std::max(1, CPU_COUNT_S(bytes, masks.data())));
    }
  }
  return 1;
}

SshEnds ssh_ends(std::string_view ssh_connection) {
  std::vector<std::string> words;
  while (!ssh_connection.empty()) {
    const std::size_t space = ssh_connection.find(' ');
    const auto word = ssh_connection.substr(0, space);
    if (!word.empty()) words.emplace_back(word);
    ssh_connection =
        space == std::string_view::npos ? std::string_view() : ssh_connection.substr(space + 1);
  }
  if (words.size() != 4 || !is_numeric_address(words[0]) || !is_numeric_address(words[2]))
    return {};
  return {plain_address(words[0]), plain_address(words[2]), port_of(words[1]), port_of(words[3])};
}

bootstrap::AgentHello describe_host(bool local) {
  bootstrap::AgentHello hello;
  hello.version = PRUN_VERSION_STRING;
  utsname names{};
  if (::uname(&names) == 0) {
    hello.host_name = names.nodename;
    hello.machine = names.machine;
  }
  hello.cores = usable_cores();
  if (const char* connection = std::getenv("SSH_CONNECTION"); connection != nullptr && !local) {
    auto ends = ssh_ends(connection);
    hello.client_address = std::move(ends.client_address);
    hello.server_address = std::move(ends.server_address);
  }
  hello.network = network_identity();
  hello.addresses = own_addresses();
  return hello;
}

}  // namespace prun::agent
