#pragma once

#include <array>
#include <limits>
#include <optional>
#include <string>

#include "runtime/coll/algorithm.hpp"
#include "runtime/coll/tuning.hpp"
#include "runtime/core/result.hpp"

// Which algorithm a call uses: of those that fit, the one whose formula gives the least. Every
// member decides for itself, from what all members know, and so all decide alike.
namespace prun::coll {

// What a call looks like to all members, but for the links: bytes of the data, of one rank's block,
// or, in a reduce_scatter, of all parts together.
Situation situation_of(const Team& team, const BarrierArguments& arguments);
Situation situation_of(const Team& team, const BcastArguments& arguments);
Situation situation_of(const Team& team, const GatherArguments& arguments);
Situation situation_of(const Team& team, const ScatterArguments& arguments);
Situation situation_of(const Team& team, const AllgatherArguments& arguments);
Situation situation_of(const Team& team, const ReduceArguments& arguments);
Situation situation_of(const Team& team, const AllreduceArguments& arguments);
Situation situation_of(const Team& team, const ReduceScatterArguments& arguments);
Situation situation_of(const Team& team, const AlltoallArguments& arguments);
Situation situation_of(const Team& team, const ScanArguments& arguments);
Situation situation_of(const Team& team, const ExscanArguments& arguments);

// What was chosen, and what the model says that it takes.
template <class Arguments>
struct Choice {
  const Algorithm<Arguments>* algorithm = nullptr;
  std::size_t segment_bytes = 0;  // 0: it has no segments
  Nanoseconds cost = std::numeric_limits<Nanoseconds>::max();
};

// Sizes of segments to choose from: below, the work for each message is more than its bytes; above,
// a pipeline is slow to fill.
inline constexpr std::array<std::size_t, 7> segment_sizes = {
    std::size_t{2} << 10,  std::size_t{4} << 10,  std::size_t{8} << 10,  std::size_t{16} << 10,
    std::size_t{32} << 10, std::size_t{64} << 10, std::size_t{128} << 10};

// The algorithm of that name, or null.
template <class Arguments>
const Algorithm<Arguments>* find_algorithm(std::string_view name) {
  for (const Algorithm<Arguments>& algorithm : algorithms<Arguments>()) {
    if (algorithm.name == name) return &algorithm;
  }
  return nullptr;
}

// What an unknown name of an algorithm is answered with; it lists the known ones.
core::Failure unknown_algorithm(Operation operation, std::string_view name);

// invalid_argument if a name in `forced` is none of its operation's algorithms.
core::Status check(const Tuning& tuning);

// Where no sizes are known, long blocks are assumed: a choice that is right for those costs little
// with short ones.
inline constexpr std::size_t assumed_bytes = std::size_t{1} << 20;

// The cheapest that fits among `only`, or, where that is null, all; of equal ones the first.
template <class Arguments>
Choice<Arguments> cheapest(Situation situation, const Tuning& tuning,
                           const Algorithm<Arguments>* only = nullptr) {
  if (!situation.bytes_known) situation.bytes = assumed_bytes;
  situation.eager_bytes = tuning.eager_bytes;
  Choice<Arguments> best;
  const auto consider = [&](const Algorithm<Arguments>& algorithm, std::size_t segment) {
    situation.segment = segment;
    const Nanoseconds cost = algorithm.cost(situation);
    if (best.algorithm == nullptr || cost < best.cost) best = {&algorithm, segment, cost};
  };
  for (const Algorithm<Arguments>& algorithm : algorithms<Arguments>()) {
    if ((only != nullptr && only != &algorithm) || !algorithm.fits(situation)) continue;
    if (!algorithm.pipelined) {
      consider(algorithm, 0);
    } else if (tuning.segment_bytes) {
      consider(algorithm, *tuning.segment_bytes);
    } else {
      for (const std::size_t segment : segment_sizes) consider(algorithm, segment);
    }
  }
  PRUN_ASSERT(only != nullptr || best.algorithm != nullptr);
  return best;
}

// The cheapest, or the one that the environment names, where that one fits.
template <class Arguments>
core::Result<Choice<Arguments>> select(const Situation& situation, const Tuning& tuning) {
  const std::string& forced = tuning.forced[index_of(Arguments::operation)];
  if (!forced.empty()) {
    const Algorithm<Arguments>* algorithm = find_algorithm<Arguments>(forced);
    if (algorithm == nullptr) return unknown_algorithm(Arguments::operation, forced);
    if (algorithm->fits(situation)) return cheapest(situation, tuning, algorithm);
  }
  return cheapest<Arguments>(situation, tuning);
}

// Up to here a wrong choice costs less than measuring would: what is assumed of links will do until
// they are known.
inline constexpr std::size_t small_bytes = 1024;

// Links as different as they are found on small clusters: a choice that is the same for all of them
// needs no measuring.
std::span<const LinkModel> plausible_links();

// The choice, if it does not depend on what the links are like.
template <class Arguments>
std::optional<Choice<Arguments>> select_anyhow(Situation situation, const Tuning& tuning) {
  std::optional<Choice<Arguments>> first;
  for (const LinkModel& links : plausible_links()) {
    situation.links = links;
    const auto choice = select<Arguments>(situation, tuning);
    if (!choice) return std::nullopt;
    if (!first) first = choice.value();
    if (choice.value().algorithm != first->algorithm ||
        choice.value().segment_bytes != first->segment_bytes)
      return std::nullopt;
    if (first->algorithm->staged) return std::nullopt;
  }
  return first;
}

// For the formulas of algorithms that are built from others.
template <class Arguments>
Nanoseconds least_cost(const Situation& situation) {
  Tuning tuning;
  tuning.eager_bytes = situation.eager_bytes;
  return cheapest<Arguments>(situation, tuning).cost;
}

// What is chosen and predicted for an operation by its number, for those who only want to know.
struct Prediction {
  std::string_view algorithm;
  std::size_t segment_bytes = 0;
  Nanoseconds cost = 0;
};
core::Result<Prediction> predict(Operation operation, const Situation& situation,
                                 const Tuning& tuning);

}  // namespace prun::coll
