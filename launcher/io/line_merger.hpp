#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "launcher/io/line_splitter.hpp"
#include "launcher/io/output_chunk.hpp"

namespace prun::io {

// Brings the output of all ranks together line by line: bytes of any rank in, chunks for the sink
// out. Each line comes out whole. Where a line has to come out before it is finished, because it
// outgrew what is kept or because a prompt waits, the lines of others are held back for a while so
// that it is not torn; if it is not finished by then, it is ended with a line feed and what follows
// of it begins a line of its own. Without any of that every byte passes as it came, a missing last
// line feed included.
//
// Owned by one thread, which calls tick() every `tick_interval_ms` as long as needs_tick(), but not
// while it keeps the ranks from writing: those are not quiet of their own accord. The
// credits of the chunks that come of one feed add up to the bytes fed; bytes kept back in an
// unfinished line are settled with the feed that brought them, so a rank that never ends its line
// cannot use up its host's credit.
class LineMerger {
 public:
  using Emit = std::function<void(OutputChunk)>;

  struct Settings {
    bool one_destination = false;  // standard output and error end up in the same place
    std::size_t kept_line_bytes = max_kept_line_bytes;
    std::size_t held_bytes = 256u << 10;  // lines of others behind an unfinished one
  };

  static constexpr int tick_interval_ms = 50;
  // How many ticks the lines of others wait for a long line, and an unfinished line for the others
  // to be quiet.
  static constexpr int patience_ticks = 20;
  // Nobody writes a prompt of that size; the smallest buffer that programs write out when it is full.
  static constexpr std::size_t block_bytes = 4096;

  explicit LineMerger(Emit emit) : LineMerger(std::move(emit), Settings()) {}
  LineMerger(Emit emit, const Settings& settings) : emit_(std::move(emit)), settings_(settings) {}

  // The label stands before each line of this rank from now on, with the time of day where
  // expand_pattern() has left a mark; empty for none.
  void set_label(std::uint32_t source, std::string label);

  void feed(std::uint32_t source, Stream stream, std::string_view bytes);

  // The rank's stream is over: its last line comes out, finished or not. A labelled one is
  // finished.
  void end(std::uint32_t source, Stream stream);

  // Whole lines of prun's own; a missing last line feed is added. Never held back.
  void own_lines(Stream stream, std::string_view text);

  bool needs_tick() const;
  void tick();

  // Everything kept or held comes out now.
  void flush();

 private:
  using Key = std::pair<std::uint32_t, Stream>;

  // One stream of one rank.
  struct Lane {
    Key key;
    LineSplitter splitter;
    bool begins_line = true;     // the next byte out is the first of a line
    bool took_all_lines = true;  // what was submitted so far ends with a line feed
    bool is_long = false;        // its open line outgrew what is kept, more of it is on its way
    bool fed_since_tick = false;
    bool fed_in_blocks = false;  // what came last is cut where a buffer was full, not where it ends
    int quiet_ticks = 0;

    Lane(Key of, std::size_t limit) : key(of), splitter(limit) {}
  };

  struct Held {
    Lane* lane;
    std::size_t credit;
    std::string block;
  };

  // One place where lines show up.
  struct Destination {
    Lane* open = nullptr;  // whose unfinished line is the last thing there
    std::deque<Held> held;
    std::size_t held_bytes = 0;
    int held_ticks = 0;
    Lane* recent = nullptr;  // who wrote since the last tick
    bool recent_several = false;
  };

  Lane& lane(std::uint32_t source, Stream stream);
  Destination& destination(Stream stream);
  void submit(Lane& from, std::size_t credit, std::string block);
  void put(Destination& place, Lane& from, std::size_t credit, std::string_view block);
  void close_line(Destination& place);
  void release(Destination& place);
  void note_kept(Lane& lane);
  void flush_quiet_lines();

  Emit emit_;
  Settings settings_;
  std::map<Key, std::unique_ptr<Lane>> lanes_;
  std::map<Key, Lane*> kept_;  // lanes whose splitter keeps something
  std::vector<Lane*> fed_;     // lanes fed since the last tick
  std::map<std::uint32_t, std::string> labels_;
  std::array<Destination, 2> destinations_;
};

}  // namespace prun::io
