#include "runtime/transport/shm/shm_transport.hpp"

#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <asio/post.hpp>
#include <cstring>
#include <utility>

#include "runtime/security/random.hpp"

namespace prun::transport {

using shm::Outgoing;
using shm::RankState;
using shm::word;
namespace rank_page = shm::rank_page;

// --- life
// ------------------------------------------------------------------------------------------------------------------

core::Result<std::unique_ptr<ShmTransport>> ShmTransport::open(asio::io_context& io,
                                                               const Settings& settings,
                                                               Receiver& receiver) {
  const auto self = std::find(settings.ranks.begin(), settings.ranks.end(), settings.self);
  auto segment = shm::Segment::open(settings.descriptor, settings.job_id,
                                    static_cast<std::uint32_t>(self - settings.ranks.begin()),
                                    static_cast<std::uint32_t>(settings.ranks.size()));
  if (!segment) return segment.failure();
  std::unique_ptr<ShmTransport> transport(
      new ShmTransport(io, settings, receiver, std::move(segment).value()));
  auto bell =
      shm::Doorbell::open(io, [raw = transport.get()] { raw->stirred_ = raw->rung_ = true; });
  if (!bell) return bell.failure();
  transport->bell_.emplace(std::move(bell).value());

  std::byte* page = transport->page_;
  transport->bell_->announce(page);
  security::random_bytes(transport->token_);
  std::memcpy(page + rank_page::token, transport->token_.data(), transport->token_.size());
  shm::store_wide(page + rank_page::token_address,
                  reinterpret_cast<std::uintptr_t>(transport->token_.data()));
  word(page + rank_page::process)
      .store(static_cast<std::uint32_t>(::getpid()), std::memory_order_relaxed);
  word(page + rank_page::covers)
      .store(transport->fence_.covers_others() ? 1 : 0, std::memory_order_relaxed);
  // Where Yama restricts it, only a process's descendants and those it names may reach its memory.
  if (settings.single_copy && settings.agent > 0)
    ::prctl(PR_SET_PTRACER, static_cast<unsigned long>(settings.agent), 0UL, 0UL, 0UL);
  word(page + rank_page::state)
      .store(static_cast<std::uint32_t>(RankState::here), std::memory_order_release);
  return transport;
}

ShmTransport::ShmTransport(asio::io_context& io, const Settings& settings, Receiver& receiver,
                           std::unique_ptr<shm::Segment> segment)
    : io_(io),
      receiver_(receiver),
      segment_(std::move(segment)),
      page_(segment_->page_of(segment_->self())),
      first_(settings.ranks.front()),
      ranks_(settings.ranks),
      single_copy_(settings.single_copy) {
  places_.assign(static_cast<std::size_t>(ranks_.back() - first_) + 1, nobody);
  for (std::uint32_t place = 0; place < ranks_.size(); ++place) {
    if (place == segment_->self()) continue;
    places_[static_cast<std::size_t>(ranks_[place] - first_)] = place;
  }
  links_.resize(ranks_.size());
}

ShmTransport::~ShmTransport() {
  // Offers are taken back while others still see that this process lives.
  for (Link* link : active_) {
    if (link->out) link->out->clear();
    if (link->in) link->in->discard();
  }
  word(page_ + rank_page::state)
      .store(static_cast<std::uint32_t>(RankState::left), std::memory_order_release);
  if (!bell_) return;
  for (Link* link : active_) wake_for_attention(*link);
}

ShmTransport::Link& ShmTransport::link_at(std::uint32_t place) {
  std::unique_ptr<Link>& slot = links_[place];
  if (!slot) {
    slot = std::make_unique<Link>();
    slot->peer = ranks_[place];
    slot->place = place;
    slot->page = segment_->page_of(place);
    active_.push_back(slot.get());
    // It may have left before we began to watch it.
    slot->leaving = word(slot->page + rank_page::state).load(std::memory_order_acquire) ==
                    static_cast<std::uint32_t>(RankState::left);
    if (closing_) stirred_ = true;
  }
  return *slot;
}

Outgoing* ShmTransport::outgoing(Link& link) {
  if (link.gone || link.broken) return nullptr;
  if (!link.out) {
    auto window = segment_->pair(segment_->self(), link.place);
    if (!window) {
      link.broken = window.failure().text;
      return nullptr;
    }
    link.out.emplace(std::move(window).value(), segment_->ring_bytes(), link.page, single_copy_,
                     [this, place = link.place] { return segment_->lives(place); });
    knock(link);
  }
  return &*link.out;
}

// The first record to a peer: it does not look at a ring it does not know of.
void ShmTransport::knock(Link& link) {
  const std::uint32_t self = segment_->self();
  word(link.page + rank_page::knocks + self / 32 * 4)
      .fetch_or(1u << self % 32, std::memory_order_release);
  wake_for_attention(link);
}

void ShmTransport::listen_to(Link& link) {
  if (link.gone || link.in || link.broken) return;
  auto window = segment_->pair(link.place, segment_->self());
  if (!window) {
    link.broken = window.failure().text;
    return;
  }
  link.in.emplace(std::move(window).value(), segment_->ring_bytes(), link.peer, link.page,
                  single_copy_, [this, place = link.place] { return segment_->lives(place); });
}

// --- sending
// ---------------------------------------------------------------------------------------------------------------

void ShmTransport::send_frame(WorldRank peer, const wire::Frame& frame,
                              std::span<const std::byte> payload) {
  if (closing_) return;
  Link& to = link(peer);
  Outgoing* out = outgoing(to);
  if (out == nullptr) return;
  out->send(frame, payload);
  if (out->take_shown()) wake(to);
}

void ShmTransport::send_bulk(BulkSend& bulk) {
  Link& to = link(bulk.peer);
  Outgoing* out = outgoing(to);
  if (out == nullptr || to.said_bye) return;
  out->add_bulk(bulk);
  if (out->take_shown()) wake(to);
}

void ShmTransport::forget_bulk(BulkSend& bulk) {
  Link& to = link(bulk.peer);
  if (to.out) to.out->forget(bulk);
}

// Either a rank that is about to sleep sees what was shown to it, or we see that it sleeps.
void ShmTransport::wake(Link& link) {
  fence_.shown(word(link.page + rank_page::covers).load(std::memory_order_relaxed) == 1);
  shm::Word sleeping = word(link.page + rank_page::sleeping);
  if (sleeping.load(std::memory_order_relaxed) == 0) return;
  if (sleeping.exchange(0, std::memory_order_acq_rel) != 0) ring(link);
}

void ShmTransport::wake_for_attention(Link& link) {
  word(link.page + rank_page::attention).fetch_add(1, std::memory_order_seq_cst);
  shm::Word sleeping = word(link.page + rank_page::sleeping);
  if (sleeping.exchange(0, std::memory_order_seq_cst) != 0) ring(link);
}

void ShmTransport::ring(Link& link) {
  bell_->ring(link.page);
  ++link.counters.writes;
}

// --- moving
// ----------------------------------------------------------------------------------------------------------------

bool ShmTransport::progress() {
  if (asleep_) {
    asleep_ = false;
    word(page_ + rank_page::sleeping).store(0, std::memory_order_relaxed);
  }
  bool moved = std::exchange(stirred_, false);
  const bool woken = std::exchange(rung_, false);
  if (word(page_ + rank_page::attention).load(std::memory_order_acquire) != attention_)
    moved |= look_around();
  // Links may be added meanwhile.
  for (std::size_t i = 0; i < active_.size(); ++i) {
    if (!serve(*active_[i])) continue;
    moved = true;
    if (woken) ++active_[i]->counters.wakeups;
  }
  return moved;
}

bool ShmTransport::serve(Link& link) {
  if (link.gone) return false;
  bool moved = false;
  if (link.in) {
    moved = link.in->receive(receiver_);
    if (link.in->take_news()) wake(link);
    if (link.gone) return true;
    if (const auto& end = link.in->end()) {
      // What it fetched from us before it said bye was sent.
      if (link.out) link.out->flush(receiver_);
      if (!link.gone) lose(link, end->orderly, end->cause);
      return true;
    }
  }
  if (link.out) {
    if (!link.out->idle()) {
      moved |= link.out->flush(receiver_);
      if (link.out->take_shown()) wake(link);
      if (link.gone) return true;
    }
    if (link.out->broken()) {
      lose(link, false, "claims to have read what was never written");
      return true;
    }
  }
  if (closing_ && !link.said_bye) say_bye(link);
  if (link.broken) {
    lose(link, false, *std::exchange(link.broken, std::nullopt));
    return true;
  }
  if (link.leaving && !moved) {
    lose(link, false, "closed the connection without a word");
    return true;
  }
  return moved;
}

// Somebody wants to be looked at: a rank that begins to send, has left, or has cut us off.
bool ShmTransport::look_around() {
  attention_ = word(page_ + rank_page::attention).load(std::memory_order_acquire);
  // Who has left is looked at before who has knocked: a rank that does both in between would be
  // taken for gone with its ring unread.
  for (Link* link : active_) {
    const bool left = word(link->page + rank_page::state).load(std::memory_order_acquire) ==
                      static_cast<std::uint32_t>(RankState::left);
    if (left || (link->out && link->out->cut())) link->leaving = true;
  }
  for (std::uint32_t base = 0; base < ranks_.size(); base += 32) {
    const std::uint32_t bits =
        word(page_ + rank_page::knocks + base / 32 * 4).load(std::memory_order_acquire);
    for (std::uint32_t bit = 0; bit < 32 && base + bit < ranks_.size(); ++bit) {
      if ((bits >> bit & 1) != 0 && base + bit != segment_->self()) listen_to(link_at(base + bit));
    }
  }
  return true;
}

bool ShmTransport::flushed(WorldRank peer) {
  const auto& found = links_[place_of(peer)];
  return !found || found->gone || !found->out || !found->out->frames_waiting();
}

bool ShmTransport::flushed() {
  return std::none_of(active_.begin(), active_.end(), [](const Link* link) {
    return !link->gone && link->out && link->out->frames_waiting();
  });
}

bool ShmTransport::in_touch(WorldRank peer) const {
  const auto& found = links_[place_of(peer)];
  const bool looked =
      word(page_ + rank_page::attention).load(std::memory_order_acquire) == attention_;
  return !looked || (found && !found->gone && found->in && found->in->pending());
}

std::size_t ShmTransport::frame_bytes_waiting(WorldRank peer) const {
  const auto& found = links_[place_of(peer)];
  return found && found->out ? found->out->frame_bytes_waiting() : 0;
}

Counters ShmTransport::counters(WorldRank peer) const {
  const auto& found = links_[place_of(peer)];
  if (!found) return {};
  Counters all = found->counters;
  if (found->out) all = all + found->out->counters();
  if (found->in) all = all + found->in->counters();
  return all;
}

// --- ends
// ------------------------------------------------------------------------------------------------------------------

void ShmTransport::discard_arriving(WorldRank peer) {
  Link& from = link(peer);
  if (from.in) from.in->discard();
}

void ShmTransport::lose(Link& link, bool orderly, const std::string& cause) {
  if (link.gone) return;
  link.gone = true;
  if (link.out) link.out->clear();
  // One that has said bye may not have read ours yet.
  if (!orderly && link.in) {
    link.in->cut();
    wake_for_attention(link);
  }
  stirred_ = true;
  receiver_.on_peer_gone(link.peer, orderly, cause);
}

void ShmTransport::abandon(WorldRank peer) {
  Link& lost = link(peer);
  if (lost.gone) return;
  lost.gone = true;
  if (lost.out) lost.out->clear();
  if (lost.in) lost.in->cut();
  wake_for_attention(lost);
}

void ShmTransport::say_bye(Link& link) {
  // A small frame would overtake the payloads.
  if (link.said_bye || link.gone || (link.out && link.out->has_bulk())) return;
  Outgoing* out = outgoing(link);
  if (out == nullptr) return;
  link.said_bye = true;
  wire::Frame frame;
  frame.kind = wire::FrameKind::bye;
  out->send(frame, {});
  if (out->take_shown()) wake(link);
}

void ShmTransport::close() {
  closing_ = true;
  for (std::size_t i = 0; i < active_.size(); ++i) say_bye(*active_[i]);
}

// What is in the rings stays there until it is read.
bool ShmTransport::drained() {
  return std::all_of(active_.begin(), active_.end(), [](const Link* link) {
    return link->gone || ((!link->out || link->out->idle()) && link->said_bye);
  });
}

// --- sleep
// -----------------------------------------------------------------------------------------------------------------

bool ShmTransport::anything_pending() {
  if (word(page_ + rank_page::attention).load(std::memory_order_acquire) != attention_) return true;
  return std::any_of(active_.begin(), active_.end(), [](Link* link) {
    if (link->gone) return false;
    return (link->in && link->in->pending()) || link->leaving || link->broken ||
           (link->out && link->out->ready_after_asking());
  });
}

void ShmTransport::arm() {
  for (Link* link : active_) {
    if (link->gone || !link->in) continue;
    link->in->show_taken();
    if (link->in->take_news()) wake(*link);
  }
  asleep_ = true;
  word(page_ + rank_page::sleeping).store(1, std::memory_order_seq_cst);
  fence_.fall_asleep();
  bell_->arm();
  if (stirred_ || anything_pending()) {
    // There is something already: the sleep ends at once.
    stirred_ = true;
    asio::post(io_, [] {});
  }
}

}  // namespace prun::transport
