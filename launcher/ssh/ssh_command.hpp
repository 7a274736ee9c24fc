#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "launcher/hosts/host.hpp"

// The ssh command line of one host, and what the far end prints before it becomes an agent.
namespace prun::ssh {

// Printed by the far end: the login shell runs our words, and which prun it will start
// ("\nprun-shell /x/prun\n").
inline constexpr std::string_view shell_marker = "\nprun-shell ";
// No prun there, followed by where it was looked for.
inline constexpr std::string_view missing_marker = "\nprun-missing ";
// A prun is there and does not run; followed by its path, and its words in the lines after.
inline constexpr std::string_view broken_marker = "\nprun-broken ";

struct SshOptions {
  std::string program = "ssh";
  std::vector<std::string> arguments;  // the user's own, before the host
  std::chrono::milliseconds connect_timeout{15000};
};

// A word that sh, bash, csh and fish all read as `text`.
std::string shell_quote(std::string_view text);

// What the login shell of a host is to run: the prun of the same absolute path as ours, else the
// one in PATH, as agent.
std::string remote_command(const std::string& own_path);

// Arguments of ssh, its name first. The user's configuration of hosts and keys stays in force.
std::vector<std::string> ssh_command(const hosts::Host& host, const SshOptions& options,
                                     const std::string& own_path);

// What the user would type to log in there: "ssh -p 2222 pi@rpi2".
std::string login_words(const hosts::Host& host, std::string_view command = "ssh");

}  // namespace prun::ssh
