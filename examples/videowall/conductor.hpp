#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <optional>
#include <string>
#include <vector>

#include <prun/prun.hpp>

#include "command.hpp"
#include "messages.hpp"
#include "programme.hpp"
#include "status_lines.hpp"
#include "timeline.hpp"

namespace wall {

// Rank 0's part of the wall beside its own screen: brings the screens together, agrees on what
// happens when, and hears how they do. A screen that comes later, because its board was out, is
// told the same as the others before. Where rank 0 itself was out the screens that play tell its new
// Conductor what is on. Screens go by their rank in the job, whatever the communicator. Owned by
// main of rank 0; one thread.
class Conductor {
 public:
  using OnSample = std::function<void(int rank, const Sample&)>;
  struct Plan {
    std::vector<View> views;           // of each rank
    std::vector<std::string> outputs;  // the same
    std::uint64_t rounds = 1;
    std::optional<Time> start;  // not before that time
  };
  // `comm`: who is there; the others are lost. A line for people goes to `say`.
  Conductor(const prun::Communicator& world, const prun::Communicator& comm, prun::Clock& clock,
            Plan plan, OnSample on_sample, std::function<void(const std::string&)> say);

  // Takes in what the screens have said; returns soon.
  void step();
  void obey(const Command& command);

  // Who was started again waits for all others: they are told when to come.
  void call_together(const std::vector<int>& newcomers);
  // They have come: from now on all talk there.
  void regrouped(const prun::Communicator& comm);

  // No screen plays any more.
  bool finished() const;

  const std::optional<Programme>& programme() const { return programme_; }
  const Timeline& timeline() const { return timeline_; }
  std::vector<ScreenStatus> status() const;

 private:
  enum class Phase { away, greeted, here, told, ready, playing, done, lost };
  struct Seat {
    Phase phase = Phase::away;
    std::vector<double> lengths;
    Sample last{};
  };

  void take_messages();
  void take(int source, int tag);
  void take_over(int source);
  void let_play(std::size_t rank);
  bool take_lost();
  void lose(std::size_t rank);
  void settle_programme();
  void start_together();
  void send_cue(const Cue& cue);
  void tell_newest(std::size_t rank);
  template <class T>
  void tell(std::size_t rank, const T& what, int tag);
  std::string name_of(std::size_t rank) const;
  bool any_in(std::initializer_list<Phase> phases) const;

  prun::Communicator world_;  // names
  prun::Communicator comm_;   // who is there
  prun::Clock& clock_;
  Plan plan_;
  OnSample on_sample_;
  std::function<void(const std::string&)> say_;
  std::vector<Seat> seats_;
  std::optional<Programme> programme_;
  Timeline timeline_;
  bool stopped_ = false;
  bool called_together_ = false;
};

}  // namespace wall
