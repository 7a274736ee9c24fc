#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "launcher/io/output_chunk.hpp"

namespace prun::io {

// True if reading the descriptor now takes input from nobody else: it is no terminal of ours, or
// prun's process group is the one in its foreground.
bool may_read_now(int descriptor);

// Reads prun's standard input, from one thread of its own, and leaves what nobody has used to the
// next program, as in `while read host; do prun ...; done`:
// - a file is read without moving its offset, which follows what was taken();
// - a pipe or socket is looked into (tee, MSG_PEEK), and emptied of what was taken();
// - of a terminal nothing is read before somebody wants it: offered() and want().
// No further than there is credit. A terminal is read only while prun is in its foreground; in the
// background it waits instead of being stopped (SIGTTIN is blocked in that thread). Flags and
// terminal settings are never touched.
//
// All members are called from the owner's thread; handlers come back through the executor, and none
// is called any more once stop() has returned, even if it was posted before.
class InputSource {
 public:
  struct Handlers {
    std::function<void(std::vector<std::byte> bytes)>
        data;                   // never empty, together never more than the credit given
    std::function<void()> end;  // once: end of file, or the descriptor cannot be read
    // A terminal has something; without this handler it is read at once.
    std::function<void()> offered;
  };

  // What becomes of bytes that were read and that nobody takes.
  enum class Use : std::uint8_t {
    shared,   // they are left to others, as above
    at_once,  // they are lost: for a terminal of a rank, and descriptors of our own
  };

  // `may_read` is asked on the reader's thread.
  InputSource(int descriptor, Executor post, Handlers handlers, Use use,
              std::function<bool()> may_read);
  InputSource(int descriptor, Executor post, Handlers handlers, Use use = Use::shared);
  ~InputSource();
  InputSource(const InputSource&) = delete;
  InputSource& operator=(const InputSource&) = delete;

  void add_credit(std::size_t bytes);

  // So much of what data() brought has found its reader: it is taken off the descriptor.
  void taken(std::size_t bytes);

  // The answer to offered(): a line may be read.
  void want();
  // Whoever has answered may have left: the answer counts no more.
  void ask_again();

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
