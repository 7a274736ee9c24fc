#include "launcher/job/restarts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "runtime/wire/limits.hpp"

namespace prun::job {

std::uint32_t Restarts::processes() const {
  return static_cast<std::uint32_t>(ranks_.size()) * (most_ + 1);
}

std::uint32_t Restarts::process_of(std::uint32_t rank) const {
  return ranks_[rank].incarnation * static_cast<std::uint32_t>(ranks_.size()) + rank;
}

std::uint32_t Restarts::rank_of(std::uint32_t process) const {
  return process % static_cast<std::uint32_t>(ranks_.size());
}

bool Restarts::is_present(std::uint32_t process) const {
  return process < processes() && process_of(rank_of(process)) == process;
}

bool Restarts::lost(std::uint32_t rank) {
  ranks_[rank].awaited = has_more(rank);
  return ranks_[rank].awaited;
}

std::uint32_t Restarts::next_process(std::uint32_t rank) const {
  return process_of(rank) + static_cast<std::uint32_t>(ranks_.size());
}

std::uint32_t Restarts::start(std::uint32_t rank) {
  Rank& of = ranks_[rank];
  of.awaited = false;
  return ++of.incarnation;
}

std::string Restarts::count_words(std::uint32_t rank) const {
  return fmt::format("{} of {}", ranks_[rank].incarnation, most_);
}

std::chrono::milliseconds ReturnPauses::next() {
  return std::exchange(pause_, std::min(pause_ * 2, longest));
}

std::string too_many_restarts(std::uint32_t restarts, std::size_t ranks) {
  const std::size_t most = wire::max_ranks / ranks - 1;
  if (restarts <= most) return {};
  return fmt::format("--restart {}: a job of {} ranks can start each again {} times at most",
                     restarts, ranks, most);
}

}  // namespace prun::job
