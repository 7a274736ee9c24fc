#pragma once

#include <sys/types.h>

#include <array>
#include <asio/io_context.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "runtime/transport/shm/shm_doorbell.hpp"
#include "runtime/transport/shm/shm_fence.hpp"
#include "runtime/transport/shm/shm_incoming.hpp"
#include "runtime/transport/shm/shm_outgoing.hpp"
#include "runtime/transport/shm/shm_segment.hpp"
#include "runtime/transport/transport.hpp"

namespace prun::transport {

// Frames between the ranks of one host, through the memory that their agent has made for them. Each
// ordered pair has a ring, mapped when the pair first talks. A rank that spins is reached without a
// system call; one that sleeps is woken by its doorbell.
//
// That a process has died is for the agent to tell; one that leaves, or cuts another off, says so
// itself. Owned by the World; driven by the one thread that runs the io_context.
class ShmTransport final : public Transport {
 public:
  struct Settings {
    int descriptor = -1;  // of the segment; taken over
    std::uint64_t job_id = 0;
    WorldRank self = 0;
    std::vector<WorldRank> ranks;  // of this host, ascending
    bool single_copy = true;       // large payloads straight from process to process
    pid_t agent = 0;               // whose descendants may do that where the kernel asks; 0: nobody
  };
  static core::Result<std::unique_ptr<ShmTransport>> open(asio::io_context& io,
                                                          const Settings& settings,
                                                          Receiver& receiver);
  ~ShmTransport() override;

  // Whether a rank is one of this host, and not this one.
  bool serves(WorldRank peer) const { return place_of(peer) != nobody; }
  // Whether something the peer sent may still wait to be read.
  bool in_touch(WorldRank peer) const;

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
  static constexpr std::uint32_t nobody = ~std::uint32_t{0};

  struct Link {
    WorldRank peer = -1;
    std::uint32_t place = 0;  // among the ranks of this host
    std::byte* page = nullptr;
    std::optional<shm::Outgoing> out;
    std::optional<shm::Incoming> in;
    std::optional<std::string> broken;  // why it cannot be reached, not yet reported
    bool leaving = false;               // it has left or cut us off: what it sent is still read
    bool gone = false;
    bool said_bye = false;
    Counters counters;  // of waking it and being woken; the rest is counted by the two ways
  };

  ShmTransport(asio::io_context& io, const Settings& settings, Receiver& receiver,
               std::unique_ptr<shm::Segment> segment);

  std::uint32_t place_of(WorldRank peer) const {
    const auto index = static_cast<std::size_t>(peer - first_);
    return index < places_.size() ? places_[index] : nobody;
  }
  Link& link_at(std::uint32_t place);
  Link& link(WorldRank peer) { return link_at(place_of(peer)); }
  shm::Outgoing* outgoing(Link& link);
  void listen_to(Link& link);
  void knock(Link& link);

  bool serve(Link& link);
  bool look_around();
  void wake(Link& link);
  void wake_for_attention(Link& link);
  void ring(Link& link);
  void say_bye(Link& link);
  void lose(Link& link, bool orderly, const std::string& cause);
  bool anything_pending();

  asio::io_context& io_;
  Receiver& receiver_;
  std::unique_ptr<shm::Segment> segment_;
  std::optional<shm::Doorbell> bell_;
  shm::SleepFence fence_;
  std::byte* page_;  // this rank's
  WorldRank first_;
  std::vector<std::uint32_t> places_;  // by rank, from first_
  std::vector<WorldRank> ranks_;       // by place
  bool single_copy_;
  std::vector<std::unique_ptr<Link>> links_;  // by place; those talked to
  std::vector<Link*> active_;
  std::uint32_t attention_ = 0;  // as seen last
  bool asleep_ = false;
  bool stirred_ = false;
  bool rung_ = false;  // since progress was last made
  bool closing_ = false;
  std::array<std::byte, shm::rank_page::token_bytes> token_{};
};

}  // namespace prun::transport
