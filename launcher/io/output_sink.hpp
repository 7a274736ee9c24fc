#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>

#include "launcher/io/output_chunk.hpp"

namespace prun::io {

// Writes chunks to prun's standard output and error, from one thread of its own, in the order
// given. The descriptors stay the caller's: they are only polled and written, their flags are never
// changed. A reader that stops reading stops that thread and nothing else.
//
// All members are called from the owner's thread; handlers come back through the executor, and none
// is called any more once stop() has returned, even if it was posted before.
class OutputSink {
 public:
  struct Handlers {
    // Once for every chunk that carries credit, written or thrown away.
    std::function<void(const OutputChunk& settled)> settled;  // `bytes` is empty
    // At most once for each stream: EPIPE (the reader has left), ENOSPC, ... What comes for it
    // later is thrown away.
    std::function<void(Stream stream, int error)> failed;
  };

  static constexpr std::size_t default_limit = 4u << 20;

  OutputSink(int out, int err, Executor post, Handlers handlers, std::size_t limit = default_limit);
  ~OutputSink();  // throws away what is not written yet
  OutputSink(const OutputSink&) = delete;
  OutputSink& operator=(const OutputSink&) = delete;

  // Takes the chunk, always and without waiting. False: more than the limit is queued, the owner
  // should give no further credit until chunks are settled.
  bool write(OutputChunk chunk);

  std::size_t queued_bytes() const;

  // `done` is posted once everything given so far is written or thrown away.
  void when_written(std::function<void()> done);

  // Writes what is left, for `limit` at most, and ends the thread. True if nothing had to be thrown
  // away for want of time. Waits.
  bool stop(std::chrono::milliseconds limit);

 private:
  struct State;
  std::shared_ptr<State> state_;
};

// True if two descriptors lead to the same terminal, pipe or file.
bool is_same_destination(int first, int second);

}  // namespace prun::io
