#pragma once

#include <memory>
#include <string_view>
#include <vector>

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

  // How many times this rank was lost before and started again (prun --restart); 0: this is its
  // first start. Others do not know it by world() any more, and every operation on that throws
  // peer_lost here: see restore(), and Farm, which takes it in by itself.
  int incarnation() const;

  // A communicator of all ranks that are there, in the order of their ranks in the job: those that
  // are left, and those that were started again. If none is missing each has its old number. Every
  // one of them calls it, also in the place of survivors(), of which all is true that is said there;
  // it waits for ranks that prun is about to start again, not for hosts that do not answer. Without
  // --restart the same as world().survivors() before world() was changed.
  Communicator restore(Deadline deadline = {}, CallSite at = CallSite::here());
  // The ranks that have called restore() and wait there for this one. Asks nobody. So a program hears
  // of ranks that are back although nobody needs them.
  std::vector<int> waiting() const;

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
  // it, which takes some 50 ms; not collective. Throws timed_out where no other host can be asked.
  Clock& clock();

  // Seconds of a steady clock of this process, for measuring durations. Any thread.
  static double wtime();

 private:
  std::shared_ptr<detail::World> state_;
  std::shared_ptr<detail::CommState> own_world_;  // what world() was made of, whatever it is by now
  Communicator world_;
  std::unique_ptr<Clock> clock_;
};

}  // namespace prun
