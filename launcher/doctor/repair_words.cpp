#include "launcher/doctor/repair_words.hpp"

#include <fmt/format.h>

#include "launcher/ssh/ssh_command.hpp"

namespace prun::doctor {

std::string on_host(const HostFacts& host, const std::string& command) {
  if (host.local) return command;
  std::string quoted;
  for (const char letter : command) {
    if (letter == '"' || letter == '$' || letter == '\\' || letter == '`') quoted += '\\';
    quoted += letter;
  }
  // sudo may ask for a password, which wants a terminal.
  const bool asks = command.starts_with("sudo ");
  return fmt::format("{} \"{}\"", ssh::login_words(host.host, asks ? "ssh -t" : "ssh"), quoted);
}

std::string sudo_for(const HostFacts& host) {
  return host.is_root ? "" : "sudo ";
}

std::string login_target(const HostFacts& host) {
  return host.host.user.empty() ? host.host.name : host.host.user + "@" + host.host.name;
}

}  // namespace prun::doctor
