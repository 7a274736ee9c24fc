#pragma once

#include <optional>
#include <string>

#include <prun/prun.hpp>

#include "conductor.hpp"
#include "options.hpp"
#include "skew_log.hpp"
#include "terminal_input.hpp"

namespace wall {

// What the user sees and types, on rank 0: commands for the Conductor, the lines of --status, the
// plot of --report. Owned by the rank.
class Director {
 public:
  // `comm`: who is there. Throws std::invalid_argument where the layout does not fit the ranks.
  Director(prun::Environment& env, const prun::Communicator& comm, const Options& options);

  void step();
  void regrouped(const prun::Communicator& comm) { conductor_.regrouped(comm); }
  bool finished() const { return conductor_.finished(); }
  // The last words, and the plot.
  void finish();

 private:
  void say(const std::string& line);
  void show_status();
  std::string place() const;

  prun::Environment& env_;
  const Options& options_;
  std::optional<SkewLog> log_;
  Conductor conductor_;
  TerminalInput input_;
  bool announced_ = false;
  double next_status_ = 0;  // of Environment::wtime
  std::size_t lines_shown_ = 0;
  bool terminal_;
};

}  // namespace wall
