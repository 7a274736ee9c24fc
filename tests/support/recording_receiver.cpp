#include "tests/support/recording_receiver.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <utility>

namespace prun::test {
namespace {

constexpr std::size_t longest_bulk_bytes = std::size_t{64} << 20;

}  // namespace

std::size_t RecordingReceiver::arrived_from(WorldRank peer) const {
  return static_cast<std::size_t>(
      std::count_if(arrived_.begin(), arrived_.end(),
                    [peer](const Arrived& arrived) { return arrived.from == peer; }));
}

std::size_t RecordingReceiver::times_gone(WorldRank peer) const {
  return static_cast<std::size_t>(std::count_if(
      gone_.begin(), gone_.end(), [peer](const Gone& gone) { return gone.peer == peer; }));
}

void RecordingReceiver::take_place_away(WorldRank peer) {
  Inside& inside = inside_.at(peer);
  inside.place = nullptr;
  inside.memory.reset();
  if (inside.frame.kind == wire::FrameKind::data)
    bulk_places_.at({peer, inside.frame.send_id}).memory.reset();
}

core::Result<std::byte*> RecordingReceiver::on_frame_begin(WorldRank from,
                                                           const wire::Frame& frame) {
  EXPECT_FALSE(inside(from)) << "a frame begins inside another of rank " << from;
  EXPECT_EQ(times_gone(from), 0u) << "a frame of rank " << from << ", which has gone";
  if (refusal_) return *std::exchange(refusal_, std::nullopt);
  Inside& inside = inside_[from];
  inside.frame = frame;
  const auto bytes = static_cast<std::size_t>(frame.payload_bytes());
  if (frame.kind == wire::FrameKind::data) {
    const auto [found, fresh] = bulk_places_.try_emplace({from, frame.send_id});
    BulkPlace& bulk = found->second;
    // Not touched before it is used, so it costs nothing to be long enough.
    if (fresh) bulk.memory = std::make_unique_for_overwrite<std::byte[]>(longest_bulk_bytes);
    if (bytes > longest_bulk_bytes - bulk.used) {
      ADD_FAILURE() << "too large a payload for this receiver";
      bulk.memory.reset();
    }
    if (bulk.memory) inside.place = bulk.memory.get() + std::exchange(bulk.used, bulk.used + bytes);
    return inside.place;
  }
  inside.memory = std::make_unique<std::byte[]>(bytes);
  inside.place = inside.memory.get();
  return inside.place;
}

core::Status RecordingReceiver::on_frame_end(WorldRank from, const wire::Frame& frame) {
  if (!inside(from)) {
    ADD_FAILURE() << "a frame of rank " << from << " ends that never began";
    return core::Done{};
  }
  const Inside inside = std::move(inside_.at(from));
  inside_.erase(from);
  EXPECT_EQ(inside.frame.kind, frame.kind);
  Arrived arrived;
  arrived.from = from;
  arrived.frame = frame;
  arrived.discarded = inside.place == nullptr;
  if (!arrived.discarded) {
    const std::span payload(inside.place, static_cast<std::size_t>(frame.payload_bytes()));
    if (frame.kind == wire::FrameKind::data) {
      auto& bulk = bulk_[{from, frame.send_id}];
      bulk.insert(bulk.end(), payload.begin(), payload.end());
    } else {
      arrived.payload.assign(payload.begin(), payload.end());
    }
  }
  arrived_.push_back(std::move(arrived));
  return core::Done{};
}

void RecordingReceiver::on_peer_gone(WorldRank peer, bool orderly, const std::string& cause) {
  inside_.erase(peer);
  gone_.push_back({peer, orderly, cause});
}

}  // namespace prun::test
