#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <thread>

#include "launcher/system/descriptor.hpp"
#include "runtime/core/port_range.hpp"
#include "runtime/core/result.hpp"
#include "runtime/security/handshake.hpp"

namespace prun::agent {

// Answers the launcher's probes (liveness/probe.hpp) on a UDP port of this host, from a thread of its
// own: an agent that has its hands full, with a slow disk say, is no dead host. Owned by the agent;
// destroying it ends the thread.
class ProbeAnswerer {
 public:
  // `address` is numeric. The port is of `ports`, but not the first, which is left to the clock; the
  // system's choice where there is none.
  static core::Result<std::unique_ptr<ProbeAnswerer>> open(const std::string& address,
                                                           const core::PortRange& ports,
                                                           const security::Key& key);
  ~ProbeAnswerer();
  ProbeAnswerer(const ProbeAnswerer&) = delete;
  ProbeAnswerer& operator=(const ProbeAnswerer&) = delete;

  std::uint16_t port() const { return port_; }

 private:
  ProbeAnswerer(system::Descriptor socket, system::Descriptor stop, std::uint16_t port,
                const security::Key& key);

  void serve() const;

  system::Descriptor socket_;
  system::Descriptor stop_;  // readable once the thread is to end
  std::uint16_t port_;
  security::Key key_;
  std::thread thread_;
};

}  // namespace prun::agent
