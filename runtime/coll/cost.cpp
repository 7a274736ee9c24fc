#include "runtime/coll/cost.hpp"

#include <algorithm>
#include <bit>

namespace prun::coll {
namespace {

// 4 GiB: beyond it costs no longer grow, so that no product below can overflow.
constexpr std::size_t most_bytes = std::size_t{0xffffffff};

// A small board copies 1 GB/s.
constexpr std::int64_t copied_byte_ps = 1'000;

// Ten segments, with which a TCP connection begins again after it stood still.
constexpr std::size_t first_window_bytes = 14'480;

// What the kernels of both ends still hold of the message before when the next one begins: it stands
// in front of it, or of question and answer. Found with alltoalls of 128 KiB and 1 MiB at 100 Mbit/s.
constexpr std::size_t queued_bytes = std::size_t{32} << 10;

// What a message of a stream adds to its bytes: its header, and that of a packet that is not full.
constexpr std::size_t message_overhead_bytes = 64;

}  // namespace

Nanoseconds Link::wire(std::size_t bytes) const {
  return static_cast<Nanoseconds>(std::min(bytes, most_bytes)) * byte_ps / 1000;
}

Link Situation::link() const {
  if (hosts == 1) return links.within_host;
  Link shared = links.between_hosts;
  shared.byte_ps *= per_host;
  return shared;
}

int Situation::rounds() const {
  return static_cast<int>(std::bit_width(static_cast<unsigned>(ranks - 1)));
}

std::size_t Situation::segments(std::size_t length) const {
  if (segment == 0) return 1;
  return std::max<std::size_t>((std::min(length, most_bytes) + segment - 1) / segment, 1);
}

Nanoseconds Situation::coming_up(std::size_t length) const {
  const Link a_link = link();
  const auto windows = std::bit_width(std::min(length, most_bytes) / first_window_bytes);
  return static_cast<Nanoseconds>(windows) * a_link.latency +
         a_link.wire(std::min(length, queued_bytes));
}

Nanoseconds Situation::message(std::size_t length) const {
  const Link a_link = link();
  if (length <= eager_bytes) return a_link.latency + a_link.wire(length);
  return 3 * a_link.latency + a_link.wire(length) + coming_up(length);
}

Nanoseconds Situation::stream(std::size_t length, std::size_t count) const {
  const Link a_link = link();
  const auto messages = static_cast<Nanoseconds>(std::min(count, most_bytes));
  const Nanoseconds work = messages * a_link.overhead();
  // In memory it is the processor that moves the bytes.
  if (hosts == 1) return a_link.wire(length) + work;
  // Between hosts it has time while the wire is busy, half of which is left to the program and to
  // the other direction.
  return std::max(a_link.wire(length) + messages * a_link.wire(message_overhead_bytes), 2 * work);
}

Nanoseconds Situation::exchange(std::size_t length) const {
  if (length > eager_bytes && segment > eager_bytes) return message(length);
  const Link a_link = link();
  const Nanoseconds together = a_link.latency + stream(length, segments(length));
  if (length <= eager_bytes) return together;
  return together + coming_up(length);
}

Nanoseconds Situation::pipeline(int hops, std::size_t length) const {
  if (hops <= 0) return 0;
  const std::size_t count = segments(length);
  if (count == 1) return hops * message(length);
  return hops * message(segment) + stream(std::min(length, most_bytes) - segment, count - 1);
}

Nanoseconds Situation::ring(std::size_t block) const {
  const auto steps = static_cast<Nanoseconds>(ranks - 1);
  const std::size_t count = segments(block);
  if (count == 1 || steps == 0) return steps * message(block);
  // A segment goes on when it is here: the first one's way is all that is not hidden.
  return steps * std::max(stream(block, count), message(segment)) + message(segment);
}

Nanoseconds Situation::copying(std::size_t length) const {
  return static_cast<Nanoseconds>(std::min(length, most_bytes)) * copied_byte_ps / 1000;
}

Situation Situation::among_leaders() const {
  Situation leaders = *this;
  leaders.ranks = hosts;
  leaders.per_host = 1;
  return leaders;
}

Situation Situation::on_a_host() const {
  Situation locals = *this;
  locals.ranks = per_host;
  locals.hosts = 1;
  return locals;
}

Situation Situation::with_bytes(std::size_t other) const {
  Situation changed = *this;
  changed.bytes = other;
  return changed;
}

}  // namespace prun::coll
