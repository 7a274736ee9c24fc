#include "conductor.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace wall {
namespace {

using std::chrono::milliseconds;

// A cue is on its way for some milliseconds; it may wait for a look at the screen's end.
constexpr milliseconds soon{300};
// A screen that has to show another place looks for it first.
constexpr milliseconds later{1500};

}  // namespace

Conductor::Conductor(const prun::Communicator& world, const prun::Communicator& comm,
                     prun::Clock& clock, Plan plan, OnSample on_sample,
                     std::function<void(const std::string&)> say)
    : world_(world),
      comm_(comm),
      clock_(clock),
      plan_(std::move(plan)),
      on_sample_(std::move(on_sample)),
      say_(std::move(say)),
      seats_(static_cast<std::size_t>(world.size())) {
  for (std::size_t rank = 0; rank < seats_.size(); ++rank) {
    if (!comm_.rank_of_world(static_cast<int>(rank))) seats_[rank].phase = Phase::lost;
  }
}

void Conductor::step() {
  take_messages();
  const bool all_have_spoken = !any_in({Phase::away, Phase::greeted});
  // Who comes when the others play waits for nobody.
  if (any_in({Phase::here}) && (programme_ || all_have_spoken)) settle_programme();
  if (programme_ && timeline_.newest().number == 0 && all_have_spoken &&
      !any_in({Phase::here, Phase::told})) {
    start_together();
  }
}

void Conductor::obey(const Command& command) {
  if (!programme_ || timeline_.newest().number == 0) {
    say_("not yet: the screens are not ready");
    return;
  }
  if (command.kind == Command::Kind::stop) {
    stopped_ = true;
    for (std::size_t rank = 0; rank < seats_.size(); ++rank) tell(rank, std::int32_t{1}, stop_tag);
    return;
  }
  const Time now = clock_.now();
  if (const auto cue = cue_for(command, timeline_, *programme_, now + soon, now + later)) {
    send_cue(*cue);
  }
}

// Not while a screen is on its way, which could not come.
void Conductor::call_together(const std::vector<int>& newcomers) {
  if (newcomers.empty() || called_together_ || seats_.front().phase != Phase::playing) return;
  if (any_in({Phase::away, Phase::greeted, Phase::here, Phase::told, Phase::ready})) return;
  const bool losses_known = std::all_of(newcomers.begin(), newcomers.end(), [&](int rank) {
    return seats_.at(static_cast<std::size_t>(rank)).phase == Phase::lost;
  });
  if (!losses_known) return;
  called_together_ = true;
  const std::int64_t when = (clock_.now() + soon).time_since_epoch().count();
  for (std::size_t rank = 0; rank < seats_.size(); ++rank) {
    if (seats_[rank].phase == Phase::playing) tell(rank, when, meet_tag);
  }
}

void Conductor::regrouped(const prun::Communicator& comm) {
  take_messages();  // last words of screens that came to the end
  comm_ = comm;
  called_together_ = false;
  for (std::size_t rank = 0; rank < seats_.size(); ++rank) {
    Seat& seat = seats_[rank];
    const bool there = comm_.rank_of_world(static_cast<int>(rank)).has_value();
    if (there && seat.phase == Phase::lost) {
      seat.phase = Phase::away;
      say_(name_of(rank) + " is back");
    } else if (!there && seat.phase == Phase::playing) {
      lose(rank);
    }
  }
}

bool Conductor::finished() const {
  return !any_in(
      {Phase::away, Phase::greeted, Phase::here, Phase::told, Phase::ready, Phase::playing});
}

std::vector<ScreenStatus> Conductor::status() const {
  std::vector<ScreenStatus> all;
  for (std::size_t rank = 0; rank < seats_.size(); ++rank) {
    const Seat& seat = seats_[rank];
    const char* condition = "starting";
    if (seat.phase == Phase::playing) condition = "standing still";
    if (seat.phase == Phase::done) condition = "at the end";
    if (seat.phase == Phase::lost) condition = "lost";
    Sample sample = seat.last;
    if (seat.phase != Phase::playing) sample.playing = 0;
    all.push_back({world_.host(static_cast<int>(rank)), condition, sample});
  }
  return all;
}

void Conductor::take_messages() {
  for (const int tag :
       {known_programme_tag, hello_tag, lengths_tag, ready_tag, sample_tag, done_tag}) {
    for (;;) {
      try {
        const auto message = comm_.iprobe(prun::any_source, tag);
        if (!message) break;
        take(message->source, tag);
      } catch (const prun::Error& error) {
        if (error.code() != prun::Errc::peer_lost) throw;
        if (!take_lost()) return;  // others have met already, and wait for this rank
      }
    }
  }
}

// Of a screen that is lost some messages may still come, and mean nothing any more.
void Conductor::take(int source, int tag) {
  const auto rank = static_cast<std::size_t>(comm_.world_rank(source));
  Seat& seat = seats_[rank];
  if (tag == known_programme_tag) {
    take_over(source);
  } else if (tag == lengths_tag) {
    seat.lengths = comm_.recv<std::vector<double>>(source, tag);
    if (seat.phase != Phase::lost) seat.phase = Phase::here;
  } else if (tag == sample_tag) {
    for (const Sample& sample : comm_.recv<std::vector<Sample>>(source, tag)) {
      seat.last = sample;
      on_sample_(static_cast<int>(rank), sample);
    }
  } else {
    comm_.recv<std::int32_t>(source, tag);
    if (seat.phase == Phase::lost) return;
    if (tag == hello_tag) {
      seat.phase = Phase::greeted;
      tell(rank, part_of(plan_.views.at(rank)), part_tag);
      tell(rank, plan_.outputs.at(rank), output_tag);
    } else if (tag == done_tag) {
      seat.phase = Phase::done;
    } else {
      let_play(rank);
    }
  }
}

// From a screen that plays, after a meeting. What it knows is news where rank 0 was started again; a
// cue that was on its way to it when all met it does not know.
void Conductor::take_over(int source) {
  const auto lengths = comm_.recv<std::vector<double>>(source, known_programme_tag);
  const Cue cue = comm_.recv<Cue>(source, known_cue_tag);
  const auto rank = static_cast<std::size_t>(comm_.world_rank(source));
  if (seats_[rank].phase == Phase::lost) return;
  if (!programme_) {
    programme_.emplace(std::vector<Seconds>(lengths.begin(), lengths.end()), plan_.rounds);
  }
  seats_[rank].phase = Phase::ready;
  if (cue.number > timeline_.newest().number) {
    send_cue(cue);
  } else {
    let_play(rank);
  }
}

// Its first picture stands; the others may play already.
void Conductor::let_play(std::size_t rank) {
  seats_[rank].phase = Phase::ready;
  if (timeline_.newest().number == 0) return;
  seats_[rank].phase = Phase::playing;
  tell_newest(rank);
}

// False where nobody is.
bool Conductor::take_lost() {
  const std::vector<int> lost = comm_.acknowledge_lost();
  for (const int member : lost) lose(static_cast<std::size_t>(comm_.world_rank(member)));
  return !lost.empty();
}

void Conductor::lose(std::size_t rank) {
  seats_[rank].phase = Phase::lost;
  say_(name_of(rank) + " is lost; the others go on");
}

std::string Conductor::name_of(std::size_t rank) const {
  return "the screen of rank " + std::to_string(rank) + " on " +
         world_.host(static_cast<int>(rank));
}

// Of a film that is not equally long everywhere the longest counts: the others show their last
// picture until then, and all go on together.
void Conductor::settle_programme() {
  if (!programme_) {
    std::vector<Seconds> films;
    for (const Seat& seat : seats_) {
      films.resize(std::max(films.size(), seat.lengths.size()));
      for (std::size_t film = 0; film < seat.lengths.size(); ++film) {
        films[film] = std::max(films[film], Seconds(seat.lengths[film]));
      }
    }
    programme_.emplace(films, plan_.rounds);
  }
  std::vector<double> lengths;
  for (const Seconds film : programme_->films()) lengths.push_back(film.count());
  for (std::size_t rank = 0; rank < seats_.size(); ++rank) {
    if (seats_[rank].phase != Phase::here) continue;
    seats_[rank].phase = Phase::told;
    tell(rank, lengths, programme_tag);
  }
}

void Conductor::start_together() {
  const Time earliest = clock_.now() + soon;
  send_cue(make_cue(1, std::max(plan_.start.value_or(earliest), earliest), Seconds{}, true));
}

void Conductor::send_cue(const Cue& cue) {
  timeline_.add(cue);
  for (std::size_t rank = 0; rank < seats_.size(); ++rank) {
    Seat& seat = seats_[rank];
    if (seat.phase != Phase::ready && seat.phase != Phase::playing) continue;
    seat.phase = Phase::playing;
    tell(rank, cue, cue_tag);
  }
}

void Conductor::tell_newest(std::size_t rank) {
  tell(rank, timeline_.newest(), cue_tag);
  if (stopped_) tell(rank, std::int32_t{1}, stop_tag);
}

// To a screen that may just be going.
template <class T>
void Conductor::tell(std::size_t rank, const T& what, int tag) {
  const std::optional<int> member = comm_.rank_of_world(static_cast<int>(rank));
  if (!member) return;
  try {
    comm_.send(what, *member, tag);
  } catch (const prun::Error& error) {
    if (error.code() != prun::Errc::peer_lost && error.code() != prun::Errc::peer_finished) throw;
  }
}

bool Conductor::any_in(std::initializer_list<Phase> phases) const {
  return std::any_of(seats_.begin(), seats_.end(), [&](const Seat& seat) {
    return std::find(phases.begin(), phases.end(), seat.phase) != phases.end();
  });
}

}  // namespace wall
