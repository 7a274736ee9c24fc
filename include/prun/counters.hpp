#pragma once

#include <cstdint>

namespace prun {

// What communication has cost so far, from Environment::counters. Counting is always on. Two
// readings and their difference show what a part of a program costs. What goes over TCP is counted;
// messages between ranks of one host, through shared memory, are not. A plain value.
struct Counters {
  // Messages, those that collectives are made of included, and the frames they travel in: a large
  // message has several, and flow control has frames of its own.
  std::uint64_t messages_sent = 0;
  std::uint64_t messages_received = 0;
  std::uint64_t frames_sent = 0;
  std::uint64_t frames_received = 0;

  // Bytes on the connections, headers included.
  std::uint64_t bytes_sent = 0;
  std::uint64_t bytes_received = 0;

  // Bytes of messages that were copied within this process: into a queue because they could not
  // leave at once, out of the buffer that small ones arrive in, or out of memory in which they
  // waited for their receive.
  std::uint64_t bytes_copied = 0;

  // System calls that moved something, and those that found nothing to read or no room to write. A
  // rank that waits for a short time asks again and again: its empty reads are waiting, not work.
  std::uint64_t writes = 0;
  std::uint64_t writes_refused = 0;
  std::uint64_t reads = 0;
  std::uint64_t reads_empty = 0;

  // Of one connection: how often this rank was woken for it. Of all: how often it slept.
  std::uint64_t wakeups = 0;

  friend Counters operator+(Counters a, const Counters& b) { return a.add<1>(b); }
  friend Counters operator-(Counters a, const Counters& b) { return a.add<-1>(b); }
  bool operator==(const Counters&) const = default;

 private:
  template <int Sign>
  Counters& add(const Counters& other);
};

template <int Sign>
Counters& Counters::add(const Counters& other) {
  const auto put = [](std::uint64_t& to, std::uint64_t amount) {
    to = Sign > 0 ? to + amount : to - amount;
  };
  put(messages_sent, other.messages_sent);
  put(messages_received, other.messages_received);
  put(frames_sent, other.frames_sent);
  put(frames_received, other.frames_received);
  put(bytes_sent, other.bytes_sent);
  put(bytes_received, other.bytes_received);
  put(bytes_copied, other.bytes_copied);
  put(writes, other.writes);
  put(writes_refused, other.writes_refused);
  put(reads, other.reads);
  put(reads_empty, other.reads_empty);
  put(wakeups, other.wakeups);
  return *this;
}

}  // namespace prun
