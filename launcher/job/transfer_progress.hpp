#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "launcher/io/in_place_line.hpp"

namespace prun::job {

// What a person at a terminal sees of files that take longer than a second: one line, renewed in
// place, with hosts, bytes, rate and the time that is left. Owned by the job, one thread. Times are
// given to it.
class TransferProgress {
 public:
  using Clock = std::chrono::steady_clock;

  // nullptr: nobody looks.
  explicit TransferProgress(io::InPlaceLine* line) : line_(line) {}

  void moved(const std::string& host, std::uint64_t sent, std::uint64_t bytes,
             Clock::time_point now);
  // That host has all it wanted, or never will.
  void over(const std::string& host);
  bool is_shown() const { return shown_; }
  void clear();

  // "sending to rpi1, rpi2: 12.0 of 40.0 MB, 11.2 MB/s, 3 s left"
  std::string text(Clock::time_point now) const;

 private:
  struct Transfer {
    std::uint64_t sent;
    std::uint64_t bytes;
    bool over;
  };

  io::InPlaceLine* line_;
  std::map<std::string, Transfer> transfers_;
  std::optional<Clock::time_point> begun_;
  Clock::time_point shown_at_{};
  bool shown_ = false;
};

}  // namespace prun::job
