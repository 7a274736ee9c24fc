#pragma once

#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/steady_timer.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "runtime/transport/tcp/burst_policy.hpp"
#include "runtime/transport/tcp/tcp_callers.hpp"
#include "runtime/transport/tcp/tcp_connection.hpp"
#include "runtime/transport/tcp/tcp_handshake.hpp"
#include "runtime/transport/tcp/tcp_listener.hpp"
#include "runtime/transport/tcp/tcp_outbox.hpp"
#include "runtime/transport/transport.hpp"

namespace prun::transport {

// Frames between hosts: one TCP connection per pair of ranks, made when the first frame wants to
// go, by whichever side that is. When both begin at once, the higher rank decides: it gives up its
// own attempt when it hears the other's greeting before it has sent its proof, and refuses the
// other's after.
//
// A peer never spoken to costs nothing. Strangers get as far as a bounded number of handshakes with
// a time limit. Owned by the World; driven by the one thread that runs the io_context.
class TcpTransport final : public Transport, private TcpConnection::Owner {
 public:
  struct Settings {
    security::Key key{};
    std::uint64_t job_id = 0;
    WorldRank self = 0;
    WorldRank size = 1;
    std::string bind_address;  // numeric
    core::PortRange ports;     // to listen on
    std::uint32_t turn = 0;    // among the ranks of the host; see bootstrap::listen
    core::CompressionMode compression = core::CompressionMode::off;
    bool pacing = true;
    bool encrypt = false;  // all connections
  };
  // Where a peer accepts connections, once that is known.
  using Directory = std::function<std::optional<asio::ip::tcp::endpoint>(WorldRank)>;

  // Listens at once.
  static core::Result<std::unique_ptr<TcpTransport>> open(asio::io_context& io,
                                                          const Settings& settings,
                                                          Receiver& receiver, Directory directory);
  ~TcpTransport() override;

  // Whether there is any connection that progress looks at.
  bool connected() const { return !connected_.empty(); }
  std::uint16_t port() const { return listener_->port(); }
  // The directory knows this peer now: connects if frames wait for it.
  void endpoint_known(WorldRank peer);
  // Whether a connection to the peer stands or is being made by it: what it said last may still be
  // under way.
  bool in_touch(WorldRank peer) const;
  // Of the connection to the peer, if there is one; see link_silence.
  std::optional<std::chrono::milliseconds> silence(WorldRank peer) const;

  // While set, frames are of messages that their program waits for later: those of a burst may wait
  // for each other, see BurstPolicy.
  void set_bursts(bool allowed) { bursts_allowed_ = allowed; }
  // Lets go of what waits.
  void end_burst();

  void send_frame(WorldRank peer, const wire::Frame& frame,
                  std::span<const std::byte> payload) override;
  void send_bulk(BulkSend& bulk) override;
  void forget_bulk(BulkSend& bulk) override;
  void discard_arriving(WorldRank peer) override;
  void abandon(WorldRank peer) override;
  bool progress() override;
  bool flushed(WorldRank peer) override;
  bool flushed() override;
  std::size_t frame_bytes_waiting(WorldRank peer) const override;
  Counters counters(WorldRank peer) const override;
  void arm() override;
  void close() override;
  bool drained() override;

 private:
  struct Link {
    enum class State : std::uint8_t { idle, connecting, pausing, connected, gone };

    WorldRank peer = -1;
    State state = State::idle;
    TcpOutbox outbox;
    std::shared_ptr<TcpConnection> connection;
    std::shared_ptr<OutgoingHandshake> attempt;
    std::optional<asio::steady_timer> retry;
    int interruptions = 0;
    unsigned burst = 0;  // the last in which a frame was sent
    bool dirty = false;  // has something to write that was not tried yet
    bool said_bye = false;
  };

  TcpTransport(asio::io_context& io, const Settings& settings, Receiver& receiver,
               Directory directory, std::unique_ptr<TcpListener> listener);

  Link& link(WorldRank peer);
  void want(Link& link);
  void mark_dirty(Link& link);
  bool may_wait(Link& to, std::size_t bytes);
  bool flush_dirty();
  void on_attempt_end(Link& link, ConnectOutcome outcome);
  void try_again(Link& link);
  security::Verdict judge(WorldRank caller);
  void adopt(Link& link, asio::ip::tcp::socket socket,
             const std::optional<security::RecordKeys>& keys);
  static bool frames_waiting(const Link& link);
  void let_go(Link& link);
  void lose(Link& link, bool orderly, const std::string& cause);
  void say_bye(Link& link);

  void on_stirred(TcpConnection& connection) override;
  void on_connection_end(TcpConnection& connection, bool orderly,
                         const std::string& cause) override;
  TcpConnection::Traffic traffic() const override;

  HandshakeContext context_;
  core::CompressionMode compression_;
  Receiver& receiver_;
  Directory directory_;
  std::unique_ptr<TcpListener> listener_;
  std::unordered_map<WorldRank, std::unique_ptr<Link>> links_;
  TcpCallers callers_;
  std::vector<Link*> connected_;
  std::vector<Link*> dirty_;
  std::vector<std::byte> scratch_;
  std::vector<std::byte> sealing_scratch_;  // there while there are encrypted connections
  std::optional<PacingRate> pacing_;
  BurstPolicy burst_;
  bool bursts_allowed_ = false;
  bool stirred_ = false;
  bool closing_ = false;
};

}  // namespace prun::transport
