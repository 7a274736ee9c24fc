#include "launcher/ssh/ssh_failure.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <vector>

#include "launcher/ssh/ssh_command.hpp"

namespace prun::ssh {
namespace {

struct Pattern {
  std::string_view words;
  SshCause cause;
};

// The first that is found decides, so what explains more stands first.
constexpr std::array patterns{
    Pattern{"Could not resolve hostname", SshCause::unknown_name},
    Pattern{"REMOTE HOST IDENTIFICATION HAS CHANGED", SshCause::host_key_changed},
    Pattern{"differs from the key for the IP address", SshCause::host_key_changed},
    Pattern{"Host key verification failed", SshCause::host_key_unknown},
    Pattern{"host key is known for", SshCause::host_key_unknown},
    Pattern{"System is booting up", SshCause::closed},  // pam_nologin
    Pattern{"Permission denied", SshCause::key_refused},
    Pattern{"Too many authentication failures", SshCause::key_refused},
    Pattern{"Connection refused", SshCause::refused},
    Pattern{"timed out", SshCause::timed_out},
    Pattern{"No route to host", SshCause::no_route},
    Pattern{"Network is unreachable", SshCause::no_route},
    Pattern{"Host is down", SshCause::no_route},
    Pattern{"Connection closed by", SshCause::closed},
    Pattern{"Connection reset by", SshCause::closed},
    Pattern{"closed by remote host", SshCause::closed},
    Pattern{"Broken pipe", SshCause::closed},
};

// "Permission denied (publickey,password)": behind it stand the ways the host would accept.
bool takes_passwords(std::string_view words) {
  const auto denied = words.find("Permission denied (");
  if (denied == std::string_view::npos) return false;
  const auto ways = words.substr(denied, words.find(')', denied) - denied);
  return ways.find("password") != std::string_view::npos ||
         ways.find("keyboard-interactive") != std::string_view::npos;
}

SshCause cause_of(std::string_view words) {
  for (const auto& pattern : patterns) {
    if (words.find(pattern.words) == std::string_view::npos) continue;
    const bool would_ask = pattern.cause == SshCause::key_refused && takes_passwords(words);
    return would_ask ? SshCause::password_wanted : pattern.cause;
  }
  return SshCause::other;
}

std::string known_hosts_name(const hosts::Host& host) {
  return host.port == 0 || host.port == 22 ? host.name
                                           : fmt::format("'[{}]:{}'", host.name, host.port);
}

}  // namespace

std::string said_in_one_line(std::string_view words) {
  std::vector<std::string> telling;
  std::vector<std::string> all;
  while (!words.empty()) {
    const std::size_t end = words.find('\n');
    std::string line(words.substr(0, end));
    words = end == std::string_view::npos ? std::string_view() : words.substr(end + 1);
    for (char& letter : line) {
      if (static_cast<unsigned char>(letter) < 32) letter = ' ';
    }
    line.erase(0, line.find_first_not_of(' '));
    line.erase(line.find_last_not_of(' ') + 1);
    if (line.empty() || line.front() == '@') continue;  // the frame around ssh's great warning
    if (cause_of(line) != SshCause::other) telling.push_back(line);
    all.push_back(std::move(line));
  }
  // Beside the cause there may be a banner of the host, or notes of ssh.
  std::string joined = fmt::format("{}", fmt::join(telling.empty() ? all : telling, "; "));
  constexpr std::size_t readable = 400;
  if (joined.size() > readable) joined = joined.substr(0, readable) + " ...";
  return joined;
}

bool may_be_local_name(std::string_view name) {
  return !name.empty() && name.find_first_of(".:") == std::string_view::npos;
}

SshFailure explain_ssh_failure(const hosts::Host& host, std::string_view words) {
  SshFailure failure;
  failure.cause = cause_of(words);
  std::string said = said_in_one_line(words);
  const std::string login = login_words(host);
  std::string what;
  std::string repair;
  switch (failure.cause) {
    case SshCause::unknown_name:
      what = "no address is known for this name";
      repair = "use its address, or add the name to /etc/hosts";
      if (may_be_local_name(host.name))
        repair = fmt::format("{}.local was tried too; {}", host.name, repair);
      break;
    case SshCause::no_route:
      what = "there is no way to it through the network";
      repair = fmt::format(
          "is it switched on, on the same network, its address right? try: ping {}", host.name);
      break;
    case SshCause::refused:
      what = "it is there, but no ssh server listens on the port";
      repair = "on the host: sudo systemctl enable --now ssh";
      break;
    case SshCause::timed_out:
      what = "it does not answer";
      repair =
          fmt::format("is it switched on, its address right, no firewall between? try: {}", login);
      break;
    case SshCause::host_key_unknown:
      what = "its host key is not known here yet";
      repair = fmt::format("log in once by hand and confirm the key: {}", login);
      break;
    case SshCause::host_key_changed:
      what =
          "its host key is not the one known here: the host was set up anew, or another one "
          "answers in its place";
      // The banner is long and the repair says more.
      said = "Host key verification failed.";
      repair = fmt::format("if that is right: ssh-keygen -R {} and then {}", known_hosts_name(host),
                           login);
      break;
    case SshCause::key_refused:
      what = "it refuses our ssh key";
      repair = login_words(host, "ssh-copy-id");
      break;
    case SshCause::password_wanted:
      what = "it refuses our ssh key and would ask for a password, which prun never types";
      repair = login_words(host, "ssh-copy-id");
      break;
    case SshCause::closed:
      what = "it closed the connection during login";
      repair = fmt::format("its ssh server may be overloaded or refuse this host; try: {}", login);
      failure.try_again = true;
      break;
    case SshCause::other:
      what = "ssh failed";
      repair = fmt::format("try: {}", login);
      break;
  }
  failure.may_be_booting = failure.try_again || failure.cause == SshCause::unknown_name ||
                           failure.cause == SshCause::no_route ||
                           failure.cause == SshCause::refused ||
                           failure.cause == SshCause::timed_out;
  failure.sentence = what;
  if (!said.empty()) failure.sentence += fmt::format(" ({})", said);
  failure.repair = repair;
  failure.text = failure.sentence + "; " + repair;
  return failure;
}

std::string_view to_string(SshCause cause) {
  switch (cause) {
    case SshCause::unknown_name:
      return "unknown-name";
    case SshCause::no_route:
      return "no-route";
    case SshCause::refused:
      return "port-closed";
    case SshCause::timed_out:
      return "no-answer";
    case SshCause::host_key_unknown:
      return "host-key-unknown";
    case SshCause::host_key_changed:
      return "host-key-changed";
    case SshCause::key_refused:
    case SshCause::password_wanted:
      return "key-refused";
    case SshCause::closed:
      return "closed-during-login";
    case SshCause::other:
      break;
  }
  return "ssh-failed";
}

}  // namespace prun::ssh
