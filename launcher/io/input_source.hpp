#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <vector>

#include "launcher/io/output_chunk.hpp"

namespace prun::io {

// True if reading the descriptor now takes input from nobody else: it is no terminal of ours, or
// prun's process group is the one in its foreground.
bool may_read_now(int descriptor);

// Reads prun's standard input, from one thread of its own, no further than there is credit: what
// nobody asked for stays where it is, for the next program. A terminal is read only while prun is
// in its foreground; in the background it waits instead of being stopped (SIGTTIN is blocked in
// that thread). Flags and terminal settings are never touched.
//
// All members are called from the owner's thread; handlers come back through the executor, and none
// is called any more once stop() has returned, even if it was posted before.
class InputSource {
 public:
  struct Handlers {
    std::function<void(std::vector<std::byte> bytes)>
        data;                   // never empty, together never more than the credit given
    std::function<void()> end;  // once: end of file, or the descriptor cannot be read
  };

  // `may_read` is asked on the reader's thread.
  InputSource(int descriptor, Executor post, Handlers handlers, std::function<bool()> may_read);
  InputSource(int descriptor, Executor post, Handlers handlers);
  ~InputSource();
  InputSource(const InputSource&) = delete;
  InputSource& operator=(const InputSource&) = delete;

  void add_credit(std::size_t bytes);

  // Looks at once whether prun is in the foreground again, as after SIGCONT; by itself it looks
  // four times a second.
  void look_again();

  // Ends the reading. Never waits for input.
  void stop();

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace prun::io
