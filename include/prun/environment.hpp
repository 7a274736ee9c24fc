#pragma once

#include <memory>
#include <string_view>

#include <prun/clock.hpp>
#include <prun/communicator.hpp>
#include <prun/counters.hpp>

namespace prun {

namespace detail {
class World;  // runtime/comm
}

// A program's membership in its job: made once, first thing in main, and alive until the last
// message.
//
//   int main(int argc, char** argv) {
//     prun::Environment env(argc, argv);
//     prun::Communicator& world = env.world();
//
// Started by prun, the program is one of the job's ranks; started alone it is rank 0 of 1 and
// everything works on itself. Started by mpiexec of an MPI as one of several, the constructor
// throws not_prun and says what to type.
//
// The one process-wide fact of this library: a process joins its job at most once. A second
// Environment throws invalid_argument, also after the first has ended. One thread at a time may use
// an Environment.
class Environment {
 public:
  Environment();
  // Takes and changes nothing of the arguments; there for the habit of handing them over.
  Environment(int& argc, char**& argv);

  // Finalizes, if that has not been done; without waiting when an exception is on its way.
  ~Environment();
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;

  // All ranks of the job.
  Communicator& world();

  // Hands over everything sent so far and leaves the job in good order. Not collective: a rank may
  // leave while others go on, as long as nobody wants more from it. Communicators throw
  // invalid_argument from then on. A rank that exits without (crash, exit() in the middle,
  // exception) ends the whole job.
  void finalize(CallSite at = CallSite::here());

  // Ends the whole job now: prun says the text, naming this rank, and exits with the status. Does
  // not return.
  [[noreturn]] void abort(int exit_status, std::string_view text = {});

  // What communication has cost so far: with all ranks, or with one of them. Messages to this rank
  // itself do not count.
  Counters counters() const;
  Counters counters(int rank) const;

  // One time for all ranks. The first call sets it going on all hosts and returns when this rank has
  // it, which takes some 50 ms; not collective. Throws timed_out where rank 0's host cannot be asked.
  Clock& clock();

  // Seconds of a steady clock of this process, for measuring durations. Any thread.
  static double wtime();

 private:
  std::shared_ptr<detail::World> state_;
  Communicator world_;
  std::unique_ptr<Clock> clock_;
};

}  // namespace prun
