#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "launcher/hosts/host.hpp"
#include "launcher/ssh/kept_connections.hpp"

// The ssh command line of one host.
namespace prun::ssh {

struct SshOptions {
  std::string program = "ssh";
  std::vector<std::string> arguments;  // the user's own, before the host
  std::chrono::milliseconds connect_timeout{15000};
  std::optional<KeptConnection> kept = {};  // none: a master of the user's is used, none is left
  bool avoids_masters = false;              // not even one of the user's
  std::chrono::seconds alive_interval{4};   // see alive_interval_for()
};

// Between ssh's own questions to a host that says nothing; after five of these it gives the host up. That
// stays behind `node_timeout`, after which the job itself gives it up: TCP tries again only after twice
// the time that a cable was out, and such a connection is still good.
std::chrono::seconds alive_interval_for(
    const std::optional<std::chrono::milliseconds>& node_timeout);

// Arguments of ssh, its name first; `command` is for the login shell there. The user's configuration
// of hosts and keys stays in force.
std::vector<std::string> ssh_command(const hosts::Host& host, const SshOptions& options,
                                     const std::string& command);

// What the user would type to log in there: "ssh -p 2222 pi@rpi2".
std::string login_words(const hosts::Host& host, std::string_view command = "ssh");

}  // namespace prun::ssh
