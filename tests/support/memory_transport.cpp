#include "tests/support/memory_transport.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "runtime/core/assert.hpp"

namespace prun::test {

using transport::BulkSend;
using transport::WorldRank;
using wire::Frame;
using wire::FrameKind;

namespace {

constexpr VirtualTime pause_between_attempts = std::chrono::milliseconds(200);
constexpr std::size_t frame_overhead = 90;  // what a header and a packet take on the wire

}  // namespace

class MemoryTransport final : public transport::Transport {
 public:
  MemoryTransport(MemoryNetwork& network, WorldRank rank) : network_(network), rank_(rank) {}

  void attach(transport::Receiver& receiver) { receiver_ = &receiver; }

  void send_frame(WorldRank peer, const Frame& frame, std::span<const std::byte> payload) override {
    Link& out = network_.link(rank_, peer);
    PRUN_ASSERT(payload.size() == frame.payload_bytes());
    PRUN_ASSERT(frame.kind != FrameKind::data);
    if (out.ended || out.closing) return;
    out.waiting.push_back({frame, {payload.begin(), payload.end()}, out.next_number++});
    out.queued_bytes += payload.size();
    network_.most_queued_bytes_ = std::max(network_.most_queued_bytes_, out.queued_bytes);
  }

  void send_bulk(BulkSend& bulk) override {
    Link& out = network_.link(rank_, bulk.peer);
    if (out.ended || out.closing) return;
    out.bulk.push_back({&bulk, out.next_number++});
  }

  void forget_bulk(BulkSend& bulk) override {
    auto& queue = network_.link(rank_, bulk.peer).bulk;
    const auto is_it = [&bulk](const auto& waiting) { return waiting.bulk == &bulk; };
    queue.erase(std::remove_if(queue.begin(), queue.end(), is_it), queue.end());
  }

  void discard_arriving(WorldRank peer) override { network_.link(peer, rank_).place = nullptr; }

  void abandon(WorldRank peer) override {
    network_.end(rank_, peer);
    network_.link(peer, rank_).news.reset();
  }

  bool progress() override {
    bool moved = false;
    const auto ranks = static_cast<std::size_t>(network_.ranks_);
    const std::size_t first = network_.options_.seed ? network_.up_to(ranks - 1) : 0;
    for (std::size_t i = 0; i < ranks; ++i) {
      const auto peer = static_cast<WorldRank>((first + i) % ranks);
      if (push(peer)) moved = true;
      if (take(peer)) moved = true;
    }
    return moved;
  }

  bool flushed(WorldRank peer) override {
    const Link& out = network_.link(rank_, peer);
    return out.ended || out.waiting.empty();
  }

  bool flushed() override {
    for (WorldRank peer = 0; peer < network_.ranks_; ++peer) {
      if (!flushed(peer)) return false;
    }
    return true;
  }

  void arm() override {}  // nobody blocks: progress is all there is

  void close() override {
    for (WorldRank peer = 0; peer < network_.ranks_; ++peer)
      network_.link(rank_, peer).closing = true;
  }

  bool drained() override {
    for (WorldRank peer = 0; peer < network_.ranks_; ++peer) {
      const Link& out = network_.link(rank_, peer);
      if (!out.ended && !(out.said_bye && out.in_flight.empty())) return false;
    }
    return true;
  }

 private:
  using Link = MemoryNetwork::Link;
  using Packet = MemoryNetwork::Packet;

  // From the queues onto the link.
  bool push(WorldRank peer) {
    Link& out = network_.link(rank_, peer);
    bool moved = false;
    const bool wanted = !out.waiting.empty() || !out.bulk.empty();
    if (network_.options_.wires && !network_.connected(rank_, peer, wanted)) return false;
    while (!out.ended && out.in_flight.size() < network_.options_.frames_in_flight) {
      if (!out.bulk.empty() && bulk_is_next(out)) {
        push_segment(out);
      } else if (!out.waiting.empty()) {
        out.queued_bytes -= out.waiting.front().payload.size();
        out.in_flight.push_back(std::move(out.waiting.front()));
        out.waiting.pop_front();
      } else if (out.closing && !out.said_bye) {
        out.said_bye = true;
        out.in_flight.emplace_back();
        out.in_flight.back().frame.kind = FrameKind::bye;
      } else {
        break;
      }
      moved = true;
      Packet& leaving = out.in_flight.back();
      leaving.arrives = network_.arrival(rank_, peer, leaving.payload.size());
      if (network_.chance()) break;
    }
    return moved;
  }

  bool bulk_is_next(const Link& out) {
    if (out.waiting.empty()) return true;
    return out.waiting.front().number > out.bulk.front().number && network_.chance();
  }

  void push_segment(Link& out) {
    BulkSend& bulk = *out.bulk.front().bulk;
    const std::span<const std::byte> rest = bulk.payload.subspan(bulk.sent);
    const auto segment = rest.first(std::min(rest.size(), network_.options_.segment_bytes));
    Packet& packet = out.in_flight.emplace_back();
    packet.frame.kind = FrameKind::data;
    packet.frame.send_id = bulk.send_id;
    packet.frame.length = static_cast<std::uint32_t>(segment.size());
    packet.payload.assign(segment.begin(), segment.end());
    bulk.sent += segment.size();
    if (bulk.sent == bulk.payload.size()) {
      out.bulk.pop_front();
      receiver_->on_bulk_sent(bulk);
    }
  }

  // From the link to the receiver.
  bool take(WorldRank peer) {
    Link& in = network_.link(peer, rank_);
    if (in.news && in.news_at <= network_.now_) {
      const std::string cause = *std::exchange(in.news, std::nullopt);
      receiver_->on_peer_gone(peer, false, cause);
      return true;
    }
    bool moved = false;
    while (!in.ended && !in.in_flight.empty() && in.in_flight.front().arrives <= network_.now_) {
      moved = true;
      if (in.in_flight.front().frame.kind == FrameKind::bye) {
        in.in_flight.clear();
        in.ended = true;
        receiver_->on_peer_gone(peer, true, "said goodbye");
        break;
      }
      if (!arrive(peer, in)) break;
      if (network_.chance()) break;
    }
    return moved;
  }

  // Some of the frame in front, or all of it; true if it is complete.
  bool arrive(WorldRank peer, Link& in) {
    const Packet& front = in.in_flight.front();
    if (!in.begun) {
      core::Result<std::byte*> place = receiver_->on_frame_begin(peer, front.frame);
      if (!place) {
        refuse(peer, place.failure().text);
        return false;
      }
      in.begun = true;
      in.place = place.value();
      in.arrived = 0;
    }
    const std::size_t more = network_.up_to(front.payload.size() - in.arrived);
    if (in.place != nullptr && more > 0)
      std::memcpy(in.place + in.arrived, front.payload.data() + in.arrived, more);
    in.arrived += more;
    if (in.arrived < front.payload.size()) return false;

    const Frame frame = front.frame;
    in.in_flight.pop_front();
    in.begun = false;
    in.place = nullptr;
    const core::Status status = receiver_->on_frame_end(peer, frame);
    if (!status) refuse(peer, status.failure().text);
    return status.ok();
  }

  // The peer has lied: the connection is closed.
  void refuse(WorldRank peer, const std::string& cause) {
    network_.end(rank_, peer);
    network_.link(rank_, peer).news = "closed the connection: " + cause;
    receiver_->on_peer_gone(peer, false, cause);
  }

  MemoryNetwork& network_;
  WorldRank rank_;
  transport::Receiver* receiver_ = nullptr;
};

MemoryNetwork::MemoryNetwork(int ranks, MemoryOptions options)
    : ranks_(ranks),
      options_(options),
      random_(options.seed.value_or(1)),
      links_(static_cast<std::size_t>(ranks) * static_cast<std::size_t>(ranks)),
      connections_(links_.size()) {
  for (WorldRank rank = 0; rank < ranks; ++rank)
    transports_.push_back(std::make_unique<MemoryTransport>(*this, rank));
}

MemoryNetwork::~MemoryNetwork() = default;

void MemoryNetwork::attach(WorldRank rank, transport::Receiver& receiver) {
  transports_[static_cast<std::size_t>(rank)]->attach(receiver);
}

transport::Transport& MemoryNetwork::transport(WorldRank rank) {
  return *transports_[static_cast<std::size_t>(rank)];
}

MemoryNetwork::Link& MemoryNetwork::link(WorldRank from, WorldRank to) {
  return links_[static_cast<std::size_t>(from) * static_cast<std::size_t>(ranks_) +
                static_cast<std::size_t>(to)];
}

void MemoryNetwork::end(WorldRank a, WorldRank b) {
  for (Link* direction : {&link(a, b), &link(b, a)}) {
    direction->ended = true;
    direction->waiting.clear();
    direction->queued_bytes = 0;
    direction->in_flight.clear();
    direction->bulk.clear();
    direction->begun = false;
    direction->place = nullptr;
  }
}

void MemoryNetwork::cut(WorldRank rank, const std::string& cause) {
  for (WorldRank peer = 0; peer < ranks_; ++peer) {
    if (peer == rank || link(rank, peer).ended) continue;
    end(rank, peer);
    link(rank, peer).news = cause;
  }
}

void MemoryNetwork::break_off(WorldRank first, WorldRank second, VirtualTime later) {
  if (link(first, second).ended) return;
  end(first, second);
  link(second, first).news = "closed the connection without a word";
  link(first, second).news = "broke the connection: reset";
  link(first, second).news_at = now_ + later;
}

MemoryNetwork::Connection& MemoryNetwork::connection(WorldRank a, WorldRank b) {
  const auto index = [this](WorldRank first, WorldRank second) {
    return static_cast<std::size_t>(first) * static_cast<std::size_t>(ranks_) +
           static_cast<std::size_t>(second);
  };
  return connections_[index(std::min(a, b), std::max(a, b))];
}

bool MemoryNetwork::connected(WorldRank from, WorldRank to, bool wanted) {
  Connection& between = connection(from, to);
  if (!between.made_at && !wanted) return link(from, to).closing;  // nothing was ever said
  if (!between.made_at) {
    const Wires& wires = *options_.wires;
    between.latency = VirtualTime(static_cast<VirtualTime::rep>(
        up_to(static_cast<std::size_t>(wires.latency_at_most.count()))));
    between.bytes_per_second = wires.bytes_per_second.at(up_to(wires.bytes_per_second.size() - 1));
    VirtualTime after = 4 * between.latency;  // greeting, challenge, proof, welcome
    while (up_to(99) < wires.refused_percent) after += pause_between_attempts;
    between.made_at = now_ + after;
  }
  return *between.made_at <= now_;
}

VirtualTime MemoryNetwork::arrival(WorldRank from, WorldRank to, std::size_t bytes) {
  if (!options_.wires) return now_;
  Link& wire = link(from, to);
  const Connection& between = connection(from, to);
  const double seconds =
      between.bytes_per_second <= 0
          ? 0
          : static_cast<double>(bytes + frame_overhead) / between.bytes_per_second;
  wire.free_at = std::max(wire.free_at, now_) +
                 std::chrono::duration_cast<VirtualTime>(std::chrono::duration<double>(seconds));
  return wire.free_at + between.latency;
}

std::optional<VirtualTime> MemoryNetwork::next_event() const {
  std::optional<VirtualTime> next;
  const auto consider = [&](VirtualTime time) {
    if (time > now_ && (!next || time < *next)) next = time;
  };
  for (const Link& link : links_) {
    if (link.news) consider(link.news_at);
    if (!link.ended && !link.in_flight.empty()) consider(link.in_flight.front().arrives);
  }
  for (const Connection& between : connections_) {
    if (between.made_at) consider(*between.made_at);
  }
  return next;
}

bool MemoryNetwork::chance() {
  return options_.seed && random_() % 2 == 0;
}

std::size_t MemoryNetwork::up_to(std::size_t most) {
  return options_.seed ? random_() % (most + 1) : most;
}

}  // namespace prun::test
