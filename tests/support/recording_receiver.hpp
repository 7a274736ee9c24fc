#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "runtime/transport/transport.hpp"

namespace prun::test {

// A receiver that keeps all it is told, in order, and holds the transport to its contract: a frame
// ends before the next of its peer begins, and nothing comes from a peer that has gone. A plain
// object of one thread; outlives the transport.
class RecordingReceiver final : public transport::Receiver {
 public:
  using WorldRank = transport::WorldRank;

  struct Arrived {
    WorldRank from = -1;
    wire::Frame frame;
    std::vector<std::byte> payload;  // empty for data: see bulk()
    bool discarded = false;
  };
  struct Gone {
    WorldRank peer = -1;
    bool orderly = false;
    std::string cause;
  };

  // Frames that are whole, of all peers.
  const std::vector<Arrived>& arrived() const { return arrived_; }
  std::size_t arrived_from(WorldRank peer) const;
  // The segments of a payload, joined.
  const std::vector<std::byte>& bulk(WorldRank from, std::uint64_t send_id) {
    return bulk_[{from, send_id}];
  }
  const std::vector<transport::BulkSend*>& sent() const { return sent_; }
  const std::vector<Gone>& gone() const { return gone_; }
  // How often this peer was reported gone.
  std::size_t times_gone(WorldRank peer) const;

  // A frame of this peer has begun and not ended.
  bool inside(WorldRank peer) const { return inside_.contains(peer); }
  // What Receiver does before Transport::discard_arriving: the place is no longer good. A transport
  // that still writes there is found out by a memory checker.
  void take_place_away(WorldRank peer);

  // Answers the next frame of whomever with this failure.
  void refuse_next(core::Failure failure) { refusal_ = std::move(failure); }

  core::Result<std::byte*> on_frame_begin(WorldRank from, const wire::Frame& frame) override;
  core::Status on_frame_end(WorldRank from, const wire::Frame& frame) override;
  void on_bulk_sent(transport::BulkSend& bulk) override { sent_.push_back(&bulk); }
  void on_peer_gone(WorldRank peer, bool orderly, const std::string& cause) override;

 private:
  struct Inside {
    wire::Frame frame;
    std::unique_ptr<std::byte[]> memory;  // exactly as long as the payload; not for data
    std::byte* place = nullptr;
  };
  // Where the segments of a message lie one behind the other.
  struct BulkPlace {
    std::unique_ptr<std::byte[]> memory;  // null: thrown away from now on
    std::size_t used = 0;
  };

  std::vector<Arrived> arrived_;
  std::map<std::pair<WorldRank, std::uint64_t>, std::vector<std::byte>> bulk_;
  std::map<WorldRank, Inside> inside_;
  std::map<std::pair<WorldRank, std::uint64_t>, BulkPlace> bulk_places_;
  std::vector<transport::BulkSend*> sent_;
  std::vector<Gone> gone_;
  std::optional<core::Failure> refusal_;
};

}  // namespace prun::test
