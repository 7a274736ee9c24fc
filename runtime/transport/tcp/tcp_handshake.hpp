#pragma once

#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "runtime/core/port_range.hpp"
#include "runtime/security/handshake.hpp"
#include "runtime/security/records.hpp"
#include "runtime/security/seen_hellos.hpp"
#include "runtime/transport/transport.hpp"

// The two sides of security/handshake.hpp over a socket, without blocking. Each object carries one
// attempt, keeps itself alive through its Asio callbacks, and calls its handler exactly once, or
// never after cancel().
namespace prun::transport {

// What every handshake of a rank has in common. Outlives them.
struct HandshakeContext {
  asio::io_context& io;
  security::Key key;
  std::uint64_t job_id = 0;
  WorldRank self = -1;
  WorldRank size = 0;
  bool encrypt = false;   // only with peers that do so too
  core::PortRange ports;  // of the job, for what the user is told
};

// How an attempt to reach a peer ended.
struct ConnectOutcome {
  enum class Kind : std::uint8_t {
    connected,    // the socket is ready for frames
    refused,      // the peer has, or is making, the connection between us itself
    interrupted,  // the peer closed before the end: worth another attempt
    unreachable,  // there is nobody
    impostor,  // whoever answers does not hold the job's key, or will not encrypt as this job does
  };
  Kind kind;
  std::string cause;  // for people, when not connected
  asio::ip::tcp::socket socket;
  std::optional<security::RecordKeys> keys;  // when connected and encrypted
};

class OutgoingHandshake : public std::enable_shared_from_this<OutgoingHandshake> {
 public:
  using Handler = std::function<void(ConnectOutcome)>;

  OutgoingHandshake(const HandshakeContext& context, WorldRank peer,
                    asio::ip::tcp::endpoint endpoint, Handler handler);

  void start();
  void cancel();
  // The proof is out: the peer may count the connection as made.
  bool committed() const { return committed_; }

 private:
  void say_hello();
  void read_challenge();
  void read_welcome();
  void finish(ConnectOutcome::Kind kind, const std::string& cause);

  const HandshakeContext& context_;
  WorldRank peer_;
  asio::ip::tcp::endpoint endpoint_;
  Handler handler_;
  asio::ip::tcp::socket socket_;
  asio::steady_timer timer_;
  bool committed_ = false;
  bool timed_out_ = false;
  security::Hello hello_{};
  security::Challenge challenge_{};
  security::Proof proof_{};
  security::Welcome welcome_{};
};

class IncomingHandshake : public std::enable_shared_from_this<IncomingHandshake> {
 public:
  // Asked when the caller has said who it is, and again when it has proved it: whether to have the
  // connection.
  using Judge = std::function<security::Verdict(WorldRank peer)>;
  // The proved peer, its socket and the keys if it is encrypted; or -1 when the attempt came to
  // nothing.
  using Handler = std::function<void(WorldRank peer, asio::ip::tcp::socket socket,
                                     const std::optional<security::RecordKeys>& keys)>;

  // `seen` is of this listener and outlives the attempt, or its cancel().
  IncomingHandshake(const HandshakeContext& context, asio::ip::tcp::socket socket, Judge judge,
                    security::SeenHellos& seen, Handler handler);

  void start();
  void cancel();

  // Where it comes from.
  const asio::ip::address& address() const { return address_; }
  // Its hello was right.
  bool greeted() const { return peer_ >= 0; }

 private:
  void answer(security::Verdict verdict);
  void read_proof();
  void finish(WorldRank peer);

  const HandshakeContext& context_;
  asio::ip::tcp::socket socket_;
  asio::ip::address address_;
  Judge judge_;
  security::SeenHellos& seen_;
  Handler handler_;
  asio::steady_timer timer_;
  WorldRank peer_ = -1;
  security::Hello hello_{};
  security::Challenge challenge_{};
  security::Proof proof_{};
  security::Welcome welcome_{};
};

}  // namespace prun::transport
