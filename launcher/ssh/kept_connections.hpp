#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "launcher/hosts/host.hpp"

namespace prun::ssh {

// How one login uses a connection that OpenSSH keeps for the next runs (its ControlMaster).
struct KeptConnection {
  std::string configuration;  // for ssh -F: what the user's files leave open is set there
  std::string socket;         // of the master, where the user's files name no other
};

// Connections to hosts that outlive a run by some minutes, so that the next one logs in at once. All
// work is OpenSSH's; this is the private folder with a configuration and a socket for each host.
// A plain value of one thread.
class KeptConnections {
 public:
  // Makes the folder. Empty where none can be had that is the user's alone: then nothing is kept.
  static KeptConnections open(const std::vector<std::string>& environment);
  KeptConnections() = default;

  // Nothing where logins are not ours to steer: another program than ssh, or arguments of the user's
  // that speak of configuration or masters themselves. Connections that are given up after different
  // silences (SshOptions::alive_interval) are different ones.
  std::optional<KeptConnection> prepare(const hosts::Host& host, const std::string& program,
                                        const std::vector<std::string>& arguments,
                                        std::chrono::seconds alive_interval) const;

  // The hosts to which connections are kept, as they were named; asks each master whether it lives.
  static std::vector<std::string> living(const std::vector<std::string>& environment);

  // Ends all masters, wherever they were kept, and removes what they leave.
  static void close_all(const std::vector<std::string>& environment);

  const std::string& folder() const { return folder_; }

 private:
  explicit KeptConnections(std::string folder) : folder_(std::move(folder)) {}

  std::string folder_;
};

}  // namespace prun::ssh
