#include "runtime/transport/tcp/tcp_transport.hpp"

#include <algorithm>
#include <utility>

namespace prun::transport {
namespace {

constexpr std::size_t scratch_bytes = 64u << 10;

// Attempts that a peer closed half way. It may have been busy computing, and cut us off as too
// slow.
constexpr int interruptions_allowed = 20;
constexpr std::chrono::milliseconds retry_pause{200};

// Connections that progress looks at itself while somebody spins; beyond it the event loop says
// where to look.
constexpr std::size_t polled_directly = 4;

}  // namespace

core::Result<std::unique_ptr<TcpTransport>> TcpTransport::open(asio::io_context& io,
                                                               const Settings& settings,
                                                               Receiver& receiver,
                                                               Directory directory) {
  auto listener = TcpListener::open(io, settings.bind_address, settings.ports, settings.turn);
  if (!listener) return listener.failure();
  return std::unique_ptr<TcpTransport>(
      new TcpTransport(io, settings, receiver, std::move(directory), std::move(listener).value()));
}

TcpTransport::TcpTransport(asio::io_context& io, const Settings& settings, Receiver& receiver,
                           Directory directory, std::unique_ptr<TcpListener> listener)
    : context_{io,
               settings.key,
               settings.job_id,
               settings.self,
               settings.size,
               settings.encrypt,
               settings.ports},
      compression_(settings.compression),
      receiver_(receiver),
      directory_(std::move(directory)),
      listener_(std::move(listener)),
      callers_(
          context_, [this](WorldRank caller) { return judge(caller); },
          [this](WorldRank peer, asio::ip::tcp::socket socket,
                 const std::optional<security::RecordKeys>& keys) {
            adopt(link(peer), std::move(socket), keys);
          }),
      scratch_(scratch_bytes) {
  if (settings.pacing) pacing_.emplace();
  listener_->start([this](asio::ip::tcp::socket socket) { callers_.take(std::move(socket)); });
}

TcpTransport::~TcpTransport() {
  for (auto& [peer, link] : links_) {
    if (link->attempt) link->attempt->cancel();
    if (link->connection) link->connection->close_quietly();
  }
}

TcpTransport::Link& TcpTransport::link(WorldRank peer) {
  std::unique_ptr<Link>& slot = links_[peer];
  if (!slot) {
    slot = std::make_unique<Link>();
    slot->peer = peer;
    if (compression_ != core::CompressionMode::off)
      slot->outbox.set_packer(std::make_unique<SegmentPacker>(compression_));
  }
  return *slot;
}

// --- sending
// ---------------------------------------------------------------------------------------------------------------

void TcpTransport::send_frame(WorldRank peer, const wire::Frame& frame,
                              std::span<const std::byte> payload) {
  if (closing_) return;
  Link& to = link(peer);
  if (to.state == Link::State::connected) {
    if (bursts_allowed_ && may_wait(to, payload.size())) {
      to.outbox.add(frame, payload);
      mark_dirty(to);
      return;
    }
    to.connection->write_frame(to.outbox, frame, payload);
  } else if (to.state != Link::State::gone) {
    to.outbox.add(frame, payload);
    want(to);
  }
}

// Whether a frame with such a payload waits for further ones of its burst.
bool TcpTransport::may_wait(Link& to, std::size_t bytes) {
  const bool later_ones_may = burst_.on_message(BurstPolicy::Clock::now());
  const bool first = std::exchange(to.burst, burst_.burst()) != burst_.burst();
  if (first || !later_ones_may || bytes > BurstPolicy::longest_message || to.outbox.has_bulk() ||
      to.outbox.frame_bytes_waiting() + bytes >= BurstPolicy::most_bytes_waiting) {
    return false;
  }
  burst_.on_wait();
  return true;
}

void TcpTransport::end_burst() {
  if (!burst_.under_way()) return;
  burst_.on_return(burst_.wants_time() ? BurstPolicy::Clock::now()
                                       : BurstPolicy::Clock::time_point{});
  flush_dirty();
}

void TcpTransport::send_bulk(BulkSend& bulk) {
  Link& to = link(bulk.peer);
  if (to.state == Link::State::gone || to.said_bye) return;
  to.outbox.add_bulk(bulk);
  if (to.state == Link::State::connected) {
    mark_dirty(to);
  } else {
    want(to);
  }
}

void TcpTransport::forget_bulk(BulkSend& bulk) {
  link(bulk.peer).outbox.forget(bulk);
}

void TcpTransport::mark_dirty(Link& link) {
  if (link.dirty) return;
  link.dirty = true;
  dirty_.push_back(&link);
}

// --- receiving, moving
// -----------------------------------------------------------------------------------------------------

void TcpTransport::discard_arriving(WorldRank peer) {
  Link& from = link(peer);
  if (from.connection) from.connection->discard_arriving();
}

bool TcpTransport::progress() {
  end_burst();
  bool moved = std::exchange(stirred_, false);
  if (connected_.size() <= polled_directly) {
    for (std::size_t i = 0; i < connected_.size(); ++i) {
      TcpConnection& connection = *connected_[i]->connection;
      if (connection.open()) moved |= connection.read_spinning();
    }
  }
  return flush_dirty() || moved;
}

bool TcpTransport::flush_dirty() {
  bool moved = false;
  for (std::size_t i = 0; i < dirty_.size(); ++i) {  // an upcall may add to them
    Link& waiting = *dirty_[i];
    waiting.dirty = false;
    if (waiting.state != Link::State::connected) continue;
    moved |= waiting.connection->flush(waiting.outbox);
    if (closing_) say_bye(waiting);
  }
  dirty_.clear();
  return moved;
}

bool TcpTransport::frames_waiting(const Link& link) {
  return link.outbox.frames_waiting() ||
         (link.state == Link::State::connected && link.connection->holds_back());
}

bool TcpTransport::flushed(WorldRank peer) {
  const auto found = links_.find(peer);
  return found == links_.end() || !frames_waiting(*found->second);
}

bool TcpTransport::flushed() {
  return std::none_of(links_.begin(), links_.end(),
                      [](const auto& entry) { return frames_waiting(*entry.second); });
}

std::size_t TcpTransport::frame_bytes_waiting(WorldRank peer) const {
  const auto found = links_.find(peer);
  return found == links_.end() ? 0 : found->second->outbox.frame_bytes_waiting();
}

Counters TcpTransport::counters(WorldRank peer) const {
  const auto found = links_.find(peer);
  if (found == links_.end()) return {};
  const Link& of = *found->second;
  return of.connection ? of.outbox.counters() + of.connection->counters() : of.outbox.counters();
}

void TcpTransport::arm() {
  for (Link* waiting : connected_) waiting->connection->arm_read();
}

void TcpTransport::on_stirred(TcpConnection& connection) {
  stirred_ = true;
  mark_dirty(link(connection.peer()));
  // Those that progress does not look at are heard of through the event loop also by a rank that
  // spins.
  if (connected_.size() > polled_directly) connection.arm_read();
}

void TcpTransport::on_connection_end(TcpConnection& connection, bool orderly,
                                     const std::string& cause) {
  lose(link(connection.peer()), orderly, cause);
}

TcpConnection::Traffic TcpTransport::traffic() const {
  TcpConnection::Traffic all;
  for (const Link* link : connected_) {
    const Counters& counters = link->connection->counters();
    all.sent += counters.bytes_sent;
    all.received += counters.bytes_received;
  }
  return all;
}

void TcpTransport::let_go(Link& link) {
  link.state = Link::State::gone;
  link.outbox.clear();
  link.retry.reset();
  if (link.attempt) std::exchange(link.attempt, nullptr)->cancel();
}

void TcpTransport::lose(Link& link, bool orderly, const std::string& cause) {
  if (link.state == Link::State::gone) return;
  let_go(link);
  stirred_ = true;
  receiver_.on_peer_gone(link.peer, orderly, cause);
}

void TcpTransport::abandon(WorldRank peer) {
  Link& lost = link(peer);
  if (lost.state == Link::State::gone) return;
  let_go(lost);
  if (lost.connection) lost.connection->close_quietly();
}

// --- connecting
// ------------------------------------------------------------------------------------------------------------

void TcpTransport::want(Link& link) {
  if (link.state != Link::State::idle) return;
  const auto endpoint = directory_(link.peer);
  if (!endpoint) return;  // endpoint_known comes back to it
  link.state = Link::State::connecting;
  link.attempt = std::make_shared<OutgoingHandshake>(
      context_, link.peer, *endpoint,
      [this, &link](ConnectOutcome outcome) { on_attempt_end(link, std::move(outcome)); });
  link.attempt->start();
}

void TcpTransport::endpoint_known(WorldRank peer) {
  const auto found = links_.find(peer);
  if (found != links_.end() && !found->second->outbox.empty()) want(*found->second);
}

bool TcpTransport::in_touch(WorldRank peer) const {
  const auto found = links_.find(peer);
  return (found != links_.end() && found->second->state == Link::State::connected) ||
         !callers_.empty();
}

std::optional<std::chrono::milliseconds> TcpTransport::silence(WorldRank peer) const {
  const auto found = links_.find(peer);
  if (found == links_.end() || !found->second->connection) return std::nullopt;
  return found->second->connection->silence();
}

void TcpTransport::on_attempt_end(Link& link, ConnectOutcome outcome) {
  link.attempt = nullptr;
  switch (outcome.kind) {
    case ConnectOutcome::Kind::connected:
      adopt(link, std::move(outcome.socket), outcome.keys);
      break;
    case ConnectOutcome::Kind::refused:
      // Its own connection to us is on its way. If that one fails at the last step, we try again.
      try_again(link);
      break;
    case ConnectOutcome::Kind::interrupted:
      if (++link.interruptions < interruptions_allowed) {
        try_again(link);
        break;
      }
      [[fallthrough]];
    case ConnectOutcome::Kind::unreachable:
    case ConnectOutcome::Kind::impostor:
      lose(link, false, outcome.cause);
      break;
  }
}

void TcpTransport::try_again(Link& link) {
  link.state = Link::State::pausing;
  link.retry.emplace(context_.io, retry_pause);
  link.retry->async_wait([this, &link](const asio::error_code& error) {
    if (error || link.state != Link::State::pausing) return;
    link.state = Link::State::idle;
    if (!link.outbox.empty()) want(link);
  });
}

security::Verdict TcpTransport::judge(WorldRank caller) {
  Link& from = link(caller);
  if (from.state == Link::State::connected || from.state == Link::State::gone)
    return security::Verdict::refused;
  if (from.attempt && context_.self > caller) {
    if (from.attempt->committed()) return security::Verdict::refused;
    std::exchange(from.attempt, nullptr)->cancel();
    // Should the caller not come through, what waits goes out by another attempt of our own.
    try_again(from);
  }
  return security::Verdict::go_on;
}

void TcpTransport::adopt(Link& link, asio::ip::tcp::socket socket,
                         const std::optional<security::RecordKeys>& keys) {
  if (link.attempt) std::exchange(link.attempt, nullptr)->cancel();
  link.retry.reset();
  link.state = Link::State::connected;
  TcpConnection::Owner& owner = *this;
  link.connection =
      std::make_shared<TcpConnection>(std::move(socket), link.peer, owner, receiver_,
                                      std::span(scratch_), pacing_ ? &*pacing_ : nullptr);
  if (keys) {
    sealing_scratch_.resize(SealedOutput::batch_bytes);
    link.connection->encrypt(*keys, sealing_scratch_);
  }
  connected_.push_back(&link);
  if (connected_.size() > polled_directly) {
    arm();
  } else {
    link.connection->arm_read();
  }
  if (closing_) say_bye(link);
  mark_dirty(link);
  stirred_ = true;
}

// --- leaving
// ---------------------------------------------------------------------------------------------------------------

void TcpTransport::say_bye(Link& link) {
  // A small frame would overtake the payloads.
  if (link.said_bye || link.outbox.has_bulk()) return;
  link.said_bye = true;
  wire::Frame frame;
  frame.kind = wire::FrameKind::bye;
  link.connection->write_frame(link.outbox, frame, {});
  mark_dirty(link);
}

void TcpTransport::close() {
  closing_ = true;
  for (Link* open : connected_) {
    if (open->state == Link::State::connected) say_bye(*open);
  }
}

bool TcpTransport::drained() {
  bool all = true;
  for (auto& [peer, link] : links_) {
    if (link->state == Link::State::connected) {
      all = all && link->outbox.empty() && link->connection->delivered();
    } else if (link->state != Link::State::gone) {
      all = all && link->outbox.empty();
    }
  }
  return all;
}

}  // namespace prun::transport
