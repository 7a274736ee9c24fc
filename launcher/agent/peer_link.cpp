#include "launcher/agent/peer_link.hpp"

#include <fcntl.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <asio/buffer.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/post.hpp>
#include <asio/read.hpp>
#include <asio/steady_timer.hpp>
#include <asio/write.hpp>

#include <algorithm>
#include <chrono>
#include <deque>
#include <system_error>
#include <utility>

#include "runtime/bootstrap/listening.hpp"

namespace prun::agent {
namespace {

using asio::ip::tcp;

constexpr std::size_t most_callers = 16;
constexpr std::chrono::seconds caller_patience{10};
constexpr std::chrono::seconds connector_patience{3};
// When the process is out of descriptors.
constexpr std::chrono::milliseconds pause_when_exhausted{100};
// What was sent and is not confirmed for so long has met a link that is broken.
constexpr unsigned unconfirmed_ms = 10000;

core::Failure failed(const std::string& what, const asio::error_code& error) {
  return {Errc::resource, what + ": " + error.message()};
}

}  // namespace

security::Key peer_key(const security::Key& job_key) {
  return security::derive_key(job_key, "prun files");
}

struct PeerListener::Caller : std::enable_shared_from_this<Caller> {
  Caller(tcp::socket connected, std::weak_ptr<State> of)
      : socket(std::move(connected)), deadline(socket.get_executor()), state(std::move(of)) {}

  void start();
  void challenge_it();
  void check_proof();
  void close() {
    asio::error_code ignored;
    socket.close(ignored);
    deadline.cancel();
    greeted = false;  // its place is free
  }

  tcp::socket socket;
  asio::steady_timer deadline;
  std::weak_ptr<State> state;
  bool greeted = false;  // its hello was right
  security::Hello hello{};
  security::Challenge challenge{};
  security::Proof proof{};
  security::Welcome welcome{};
};

struct PeerListener::State : std::enable_shared_from_this<State> {
  State(asio::io_context& io, const PeerIdentity& identity)
      : acceptor(io), pause(io), own(identity) {}

  void accept_next() {
    acceptor.async_accept([self = shared_from_this()](asio::error_code error, tcp::socket socket) {
      if (!self->on_peer || error == asio::error::operation_aborted) return;
      if (!error) {
        self->take(std::move(socket));
        self->accept_next();
        return;
      }
      self->pause.expires_after(pause_when_exhausted);
      self->pause.async_wait([self](asio::error_code stopped) {
        if (!stopped && self->on_peer) self->accept_next();
      });
    });
  }

  void take(tcp::socket socket) {
    ::fcntl(socket.native_handle(), F_SETFD, FD_CLOEXEC);
    if (callers.size() == most_callers) {
      // Nobody says a right hello without the key, and none is taken twice: such a one stays.
      auto leaves = std::find_if(callers.begin(), callers.end(),
                                 [](const auto& caller) { return !caller->greeted; });
      if (leaves == callers.end()) leaves = callers.begin();
      (*leaves)->close();
      callers.erase(leaves);
    }
    callers.push_back(std::make_shared<Caller>(std::move(socket), weak_from_this()));
    callers.back()->start();
  }

  void close() {
    on_peer = nullptr;
    asio::error_code ignored;
    acceptor.close(ignored);
    pause.cancel();
    for (const auto& caller : callers) caller->close();
    callers.clear();
  }

  // It has proved itself: the others go, and it is handed over.
  void welcome(Caller& caller) {
    const auto told = std::exchange(on_peer, nullptr);
    caller.deadline.cancel();
    asio::error_code error;
    caller.socket.non_blocking(false, error);
    system::Descriptor socket(caller.socket.release(error));
    close();
    if (!told || !socket) return;
    std::optional<security::RecordKeys> keys;
    if (own.encrypt) keys = security::acceptor_keys(own.key, caller.hello, caller.challenge);
    told({std::move(socket), keys});
  }

  tcp::acceptor acceptor;
  asio::steady_timer pause;
  PeerIdentity own;
  OnPeer on_peer;
  std::deque<std::shared_ptr<Caller>> callers;
  security::SeenHellos seen;
};

void PeerListener::Caller::start() {
  deadline.expires_after(caller_patience);
  deadline.async_wait([self = shared_from_this()](asio::error_code error) {
    if (!error) self->close();
  });
  asio::async_read(socket, asio::buffer(hello),
                   [self = shared_from_this()](asio::error_code error, std::size_t) {
                     if (error) return self->close();
                     self->challenge_it();
                   });
}

void PeerListener::Caller::challenge_it() {
  const auto owner = state.lock();
  if (!owner) return close();
  const auto parties = security::read_hello(owner->own.key, hello);
  const auto own = static_cast<std::int32_t>(owner->own.host);
  if (!parties.ok() || parties.value().job_id != owner->own.job_id ||
      parties.value().acceptor != own || parties.value().connector == own ||
      parties.value().connector < 0 ||
      static_cast<std::uint32_t>(parties.value().connector) >= owner->own.hosts ||
      !owner->seen.first_time(hello)) {
    return close();
  }
  greeted = true;
  const auto verdict = parties.value().encrypted == owner->own.encrypt
                           ? security::Verdict::go_on
                           : security::Verdict::other_protection;
  challenge = security::make_challenge(owner->own.key, hello, verdict, security::fresh_nonce());
  asio::async_write(socket, asio::buffer(challenge),
                    [self = shared_from_this(), verdict](asio::error_code error, std::size_t) {
                      if (error || verdict != security::Verdict::go_on) return self->close();
                      asio::async_read(self->socket, asio::buffer(self->proof),
                                       [self](asio::error_code missing, std::size_t) {
                                         if (missing) return self->close();
                                         self->check_proof();
                                       });
                    });
}

void PeerListener::Caller::check_proof() {
  const auto owner = state.lock();
  if (!owner || !security::proof_holds(owner->own.key, hello, challenge, proof)) return close();
  welcome = security::make_welcome(owner->own.key, hello, challenge, proof);
  asio::async_write(socket, asio::buffer(welcome),
                    [self = shared_from_this()](asio::error_code error, std::size_t) {
                      const auto still_there = self->state.lock();
                      if (error || !still_there) return self->close();
                      still_there->welcome(*self);
                    });
}

PeerListener::PeerListener(std::shared_ptr<State> state, std::uint16_t port)
    : state_(std::move(state)), port_(port) {}

PeerListener::~PeerListener() {
  state_->close();
}

core::Result<std::unique_ptr<PeerListener>> PeerListener::open(asio::io_context& io,
                                                               const std::string& address,
                                                               const core::PortRange& ports,
                                                               const PeerIdentity& own,
                                                               OnPeer on_peer) {
  auto state = std::make_shared<State>(io, own);
  const auto port =
      bootstrap::listen(state->acceptor, address, ports, 0, static_cast<int>(most_callers));
  if (!port) return port.failure();
  state->on_peer = std::move(on_peer);
  state->accept_next();
  return std::unique_ptr<PeerListener>(new PeerListener(std::move(state), port.value()));
}

struct PeerConnector::Attempt : std::enable_shared_from_this<Attempt> {
  Attempt(asio::io_context& io, const PeerIdentity& identity, std::uint32_t other, OnDone told)
      : socket(io), deadline(io), own(identity), acceptor(other), on_done(std::move(told)) {}

  void start(const std::string& address, std::uint16_t port) {
    asio::error_code error;
    const auto where = asio::ip::make_address(address, error);
    if (!error) socket.open(tcp::endpoint(where, port).protocol(), error);
    if (error) {
      asio::post(socket.get_executor(),
                 [self = shared_from_this(), error] { self->end(failed("no connection", error)); });
      return;
    }
    ::fcntl(socket.native_handle(), F_SETFD, FD_CLOEXEC);
    ::setsockopt(socket.native_handle(), IPPROTO_TCP, TCP_USER_TIMEOUT, &unconfirmed_ms,
                 sizeof unconfirmed_ms);
    deadline.expires_after(connector_patience);
    deadline.async_wait([self = shared_from_this()](asio::error_code stopped) {
      if (!stopped) self->end(core::Failure{Errc::resource, "no connection within 3 s"});
    });
    socket.async_connect(tcp::endpoint(where, port),
                         [self = shared_from_this()](asio::error_code refused) {
                           if (refused) return self->end(failed("no connection", refused));
                           self->say_hello();
                         });
  }

  void say_hello() {
    hello = security::make_hello(own.key,
                                 {own.job_id, static_cast<std::int32_t>(own.host),
                                  static_cast<std::int32_t>(acceptor), own.encrypt},
                                 security::fresh_nonce());
    send(hello,
         [](Attempt& self) { self.receive(self.challenge, [](Attempt& at) { at.prove(); }); });
  }

  void prove() {
    const auto contents = security::read_challenge(own.key, hello, challenge);
    if (!contents.ok()) return end(contents.failure());
    if (contents.value().verdict == security::Verdict::other_protection)
      return end(core::Failure{Errc::bad_data,
                               own.encrypt ? "it does not encrypt" : "it demands encryption"});
    if (contents.value().verdict != security::Verdict::go_on)
      return end(core::Failure{Errc::resource, "it wants no connection"});
    proof = security::make_proof(own.key, hello, challenge);
    send(proof, [](Attempt& self) {
      self.receive(self.welcome, [](Attempt& at) {
        if (!security::welcome_holds(at.own.key, at.hello, at.challenge, at.proof, at.welcome))
          return at.end(core::Failure{Errc::bad_data, "its welcome is none"});
        asio::error_code error;
        at.socket.non_blocking(false, error);
        at.deadline.cancel();
        std::optional<security::RecordKeys> keys;
        if (at.own.encrypt) keys = security::connector_keys(at.own.key, at.hello, at.challenge);
        at.end(PeerSocket{system::Descriptor(at.socket.release(error)), keys});
      });
    });
  }

  template <class Bytes>
  void send(const Bytes& bytes, void (*then)(Attempt&)) {
    asio::async_write(socket, asio::buffer(bytes),
                      [self = shared_from_this(), then](asio::error_code error, std::size_t) {
                        if (error) return self->end(failed("the connection broke", error));
                        then(*self);
                      });
  }
  template <class Bytes>
  void receive(Bytes& bytes, void (*then)(Attempt&)) {
    asio::async_read(socket, asio::buffer(bytes),
                     [self = shared_from_this(), then](asio::error_code error, std::size_t) {
                       if (error) return self->end(failed("the connection broke", error));
                       then(*self);
                     });
  }

  void end(core::Result<PeerSocket> outcome) {
    const auto told = std::exchange(on_done, nullptr);
    deadline.cancel();
    asio::error_code ignored;
    socket.close(ignored);
    if (told) told(std::move(outcome));
  }

  tcp::socket socket;
  asio::steady_timer deadline;
  PeerIdentity own;
  std::uint32_t acceptor;
  OnDone on_done;
  security::Hello hello{};
  security::Challenge challenge{};
  security::Proof proof{};
  security::Welcome welcome{};
};

PeerConnector::PeerConnector(asio::io_context& io, const std::string& address, std::uint16_t port,
                             const PeerIdentity& own, std::uint32_t acceptor, OnDone on_done)
    : attempt_(std::make_shared<Attempt>(io, own, acceptor, std::move(on_done))) {
  attempt_->start(address, port);
}

PeerConnector::~PeerConnector() {
  attempt_->on_done = nullptr;
  attempt_->deadline.cancel();
  asio::error_code ignored;
  attempt_->socket.close(ignored);
}

}  // namespace prun::agent
