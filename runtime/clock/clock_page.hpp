#pragma once

#include <cstddef>
#include <memory>
#include <optional>

#include "runtime/clock/clock_line.hpp"
#include "runtime/core/result.hpp"

namespace prun::clock {

// The page in which an agent tells the ranks of its host what time it is in the job. It has no name:
// ranks inherit its descriptor, and can only read it. Reading is a few loads, no system call.
// docs/wire_format.md gives the layout. One thread writes; any number of processes and threads read.
class ClockPage {
 public:
  static constexpr std::size_t bytes = 4096;

  // The agent's: a new page, without a time. Its descriptor closes on exec.
  static core::Result<ClockPage> make(const Skew& skew);
  // A rank's; takes over the descriptor. A Failure where it is no such page.
  static core::Result<ClockPage> open(int descriptor);

  int descriptor() const { return descriptor_; }

  // The clock of this host, as the agent sees it.
  LocalClock local() const;

  void publish(const ClockLine& line);
  // Nothing before the first time was published.
  std::optional<ClockLine> line() const;

  ClockPage(ClockPage&& other) noexcept;
  ClockPage& operator=(ClockPage&& other) noexcept;
  ~ClockPage();

 private:
  struct Words;
  ClockPage(int descriptor, Words* words) : descriptor_(descriptor), words_(words) {}

  int descriptor_ = -1;
  Words* words_ = nullptr;
};

}  // namespace prun::clock
