#include "runtime/transport/tcp/tcp_handshake.hpp"

#include <fcntl.h>

#include <asio/read.hpp>
#include <asio/write.hpp>
#include <utility>

#include "runtime/transport/tcp/unreachable_words.hpp"

namespace prun::transport {
namespace {

using Kind = ConnectOutcome::Kind;
using Error = asio::error_code;

// For the peer's kernel to answer. What answers later than this on a local network is not there.
constexpr std::chrono::seconds connect_limit{10};

// For a caller to get through the handshake with us. A rank that computes meanwhile is cut off and
// comes again.
constexpr std::chrono::seconds caller_limit{10};

// Programs that this rank starts must not hold its connections open.
void close_on_exec(asio::ip::tcp::socket& socket) {
  if (socket.is_open()) ::fcntl(socket.native_handle(), F_SETFD, FD_CLOEXEC);
}

}  // namespace

// --- connecting
// ------------------------------------------------------------------------------------------------------------

OutgoingHandshake::OutgoingHandshake(const HandshakeContext& context, WorldRank peer,
                                     asio::ip::tcp::endpoint endpoint, Handler handler)
    : context_(context),
      peer_(peer),
      endpoint_(std::move(endpoint)),
      handler_(std::move(handler)),
      socket_(context.io),
      timer_(context.io) {}

void OutgoingHandshake::start() {
  Error ignored_open;  // a socket that cannot be had is reported by the connect
  socket_.open(endpoint_.protocol(), ignored_open);
  close_on_exec(socket_);
  timer_.expires_after(connect_limit);
  timer_.async_wait([self = shared_from_this()](const Error& error) {
    if (error) return;
    self->timed_out_ = true;
    Error ignored;
    self->socket_.close(ignored);
  });
  socket_.async_connect(endpoint_, [self = shared_from_this()](const Error& error) {
    self->timer_.cancel();
    if (!error && !self->timed_out_) return self->say_hello();
    const Error cause = self->timed_out_ ? Error(asio::error::timed_out) : error;
    self->finish(Kind::unreachable,
                 unreachable_words(self->endpoint_, cause, connect_limit, self->context_.ports));
  });
}

void OutgoingHandshake::say_hello() {
  Error ignored;
  socket_.set_option(asio::ip::tcp::no_delay(true), ignored);
  hello_ =
      security::make_hello(context_.key, {context_.job_id, context_.self, peer_, context_.encrypt},
                           security::fresh_nonce());
  asio::async_write(
      socket_, asio::buffer(hello_), [self = shared_from_this()](const Error& error, std::size_t) {
        if (error)
          return self->finish(Kind::interrupted, "closed the connection during the handshake");
        self->read_challenge();
      });
}

void OutgoingHandshake::read_challenge() {
  asio::async_read(
      socket_, asio::buffer(challenge_),
      [self = shared_from_this()](const Error& error, std::size_t) {
        if (error)
          return self->finish(Kind::interrupted, "closed the connection during the handshake");
        const auto contents =
            security::read_challenge(self->context_.key, self->hello_, self->challenge_);
        if (!contents) return self->finish(Kind::impostor, contents.failure().text);
        if (contents.value().verdict == security::Verdict::refused)
          return self->finish(Kind::refused, {});
        if (contents.value().verdict == security::Verdict::other_protection) {
          return self->finish(Kind::impostor, self->context_.encrypt
                                                  ? "does not encrypt, which --encrypt demands"
                                                  : "demands encryption, which is off here");
        }
        self->committed_ = true;
        self->proof_ = security::make_proof(self->context_.key, self->hello_, self->challenge_);
        asio::async_write(self->socket_, asio::buffer(self->proof_),
                          [self](const Error& failed, std::size_t) {
                            if (failed)
                              return self->finish(Kind::interrupted,
                                                  "closed the connection during the handshake");
                            self->read_welcome();
                          });
      });
}

void OutgoingHandshake::read_welcome() {
  asio::async_read(
      socket_, asio::buffer(welcome_),
      [self = shared_from_this()](const Error& error, std::size_t) {
        if (error)
          return self->finish(Kind::interrupted, "closed the connection during the handshake");
        if (!security::welcome_holds(self->context_.key, self->hello_, self->challenge_,
                                     self->proof_, self->welcome_)) {
          return self->finish(Kind::impostor, "broke off the handshake with unknown bytes");
        }
        self->finish(Kind::connected, {});
      });
}

void OutgoingHandshake::finish(Kind kind, const std::string& cause) {
  const Handler handler = std::exchange(handler_, nullptr);
  if (!handler) return;
  std::optional<security::RecordKeys> keys;
  if (kind == Kind::connected && context_.encrypt)
    keys = security::connector_keys(context_.key, hello_, challenge_);
  handler({kind, cause, std::move(socket_), keys});
}

void OutgoingHandshake::cancel() {
  handler_ = nullptr;
  timer_.cancel();
  Error ignored;
  socket_.close(ignored);
}

// --- accepting
// -------------------------------------------------------------------------------------------------------------

IncomingHandshake::IncomingHandshake(const HandshakeContext& context, asio::ip::tcp::socket socket,
                                     Judge judge, security::SeenHellos& seen, Handler handler)
    : context_(context),
      socket_(std::move(socket)),
      judge_(std::move(judge)),
      seen_(seen),
      handler_(std::move(handler)),
      timer_(context.io) {}

void IncomingHandshake::start() {
  close_on_exec(socket_);
  Error ignored;
  address_ = socket_.remote_endpoint(ignored).address();
  socket_.set_option(asio::ip::tcp::no_delay(true), ignored);
  timer_.expires_after(caller_limit);
  timer_.async_wait([self = shared_from_this()](const Error& error) {
    if (!error) self->finish(-1);
  });
  asio::async_read(
      socket_, asio::buffer(hello_), [self = shared_from_this()](const Error& error, std::size_t) {
        if (error || !self->handler_) return self->finish(-1);
        const auto parties = security::read_hello(self->context_.key, self->hello_);
        if (!parties) return self->finish(-1);
        const security::Parties& who = parties.value();
        if (who.job_id != self->context_.job_id || who.acceptor != self->context_.self ||
            who.connector < 0 || who.connector >= self->context_.size ||
            who.connector == self->context_.self || !self->seen_.first_time(self->hello_)) {
          return self->finish(-1);
        }
        self->peer_ = who.connector;
        self->answer(who.encrypted != self->context_.encrypt ? security::Verdict::other_protection
                                                             : self->judge_(who.connector));
      });
}

void IncomingHandshake::answer(security::Verdict verdict) {
  challenge_ = security::make_challenge(context_.key, hello_, verdict, security::fresh_nonce());
  asio::async_write(socket_, asio::buffer(challenge_),
                    [self = shared_from_this(), verdict](const Error& error, std::size_t) {
                      if (error || !self->handler_ || verdict != security::Verdict::go_on)
                        return self->finish(-1);
                      self->read_proof();
                    });
}

void IncomingHandshake::read_proof() {
  asio::async_read(
      socket_, asio::buffer(proof_), [self = shared_from_this()](const Error& error, std::size_t) {
        if (error || !self->handler_) return self->finish(-1);
        if (!security::proof_holds(self->context_.key, self->hello_, self->challenge_,
                                   self->proof_)) {
          return self->finish(-1);
        }
        if (self->judge_(self->peer_) == security::Verdict::refused) return self->finish(-1);
        // A few bytes into an empty socket buffer: they fit. A frame may follow them at once.
        self->welcome_ = security::make_welcome(self->context_.key, self->hello_, self->challenge_,
                                                self->proof_);
        Error failed;
        self->socket_.native_non_blocking(true, failed);
        const std::size_t sent = self->socket_.send(asio::buffer(self->welcome_), 0, failed);
        self->finish(failed || sent != self->welcome_.size() ? -1 : self->peer_);
      });
}

void IncomingHandshake::finish(WorldRank peer) {
  timer_.cancel();
  const Handler handler = std::exchange(handler_, nullptr);
  if (handler) {
    std::optional<security::RecordKeys> keys;
    if (peer >= 0 && context_.encrypt)
      keys = security::acceptor_keys(context_.key, hello_, challenge_);
    handler(peer, std::move(socket_), keys);
  }
  Error ignored;
  socket_.close(ignored);
}

void IncomingHandshake::cancel() {
  handler_ = nullptr;
  timer_.cancel();
  Error ignored;
  socket_.close(ignored);
}

}  // namespace prun::transport
