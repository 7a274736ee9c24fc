#pragma once

#include <asio/io_context.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "launcher/system/descriptor.hpp"
#include "runtime/core/port_range.hpp"
#include "runtime/core/result.hpp"
#include "runtime/security/handshake.hpp"
#include "runtime/security/records.hpp"
#include "runtime/security/seen_hellos.hpp"

// TCP connections between agents of one job, for files that one host passes on to the next. They
// begin with the handshake of the data plane, with hosts in the place of ranks and a key that is made
// of the job's, so that neither passes as the other. One thread, that of the io_context.
namespace prun::agent {

// Who an agent is to others.
struct PeerIdentity {
  security::Key key{};  // peer_key() of the job's
  std::uint64_t job_id = 0;
  std::uint32_t host = 0;   // its index
  std::uint32_t hosts = 0;  // of the job
  bool encrypt = false;     // only with those who do so too
};

// A connection between two agents that have proved themselves.
struct PeerSocket {
  system::Descriptor socket;
  std::optional<security::RecordKeys> keys;  // what follows is records under these
};

security::Key peer_key(const security::Key& job_key);

// Waits for one other agent. Few callers at a time may try to prove who they are, each for some
// seconds; the first that does is handed over and nobody else is let in. Destroying it, also inside
// the callback, closes all that is left.
class PeerListener {
 public:
  using OnPeer = std::function<void(PeerSocket peer)>;

  // `address` is numeric; `ports` are those of bootstrap::listen.
  static core::Result<std::unique_ptr<PeerListener>> open(asio::io_context& io,
                                                          const std::string& address,
                                                          const core::PortRange& ports,
                                                          const PeerIdentity& own, OnPeer on_peer);
  ~PeerListener();
  PeerListener(const PeerListener&) = delete;
  PeerListener& operator=(const PeerListener&) = delete;

  std::uint16_t port() const { return port_; }

 private:
  struct Caller;
  struct State;

  PeerListener(std::shared_ptr<State> state, std::uint16_t port);

  std::shared_ptr<State> state_;
  std::uint16_t port_;
};

// Connects to the agent of host `acceptor`. `on_done` comes once, never inside this call, unless the
// object that is answered goes first.
class PeerConnector {
 public:
  using OnDone = std::function<void(core::Result<PeerSocket> peer)>;

  PeerConnector(asio::io_context& io, const std::string& address, std::uint16_t port,
                const PeerIdentity& own, std::uint32_t acceptor, OnDone on_done);
  ~PeerConnector();
  PeerConnector(const PeerConnector&) = delete;
  PeerConnector& operator=(const PeerConnector&) = delete;

 private:
  struct Attempt;

  std::shared_ptr<Attempt> attempt_;
};

}  // namespace prun::agent
