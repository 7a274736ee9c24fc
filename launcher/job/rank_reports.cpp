#include "launcher/job/rank_reports.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "launcher/agent/output_pipe.hpp"

namespace prun::job {

RankReports::Fault RankReports::started(std::uint32_t rank) {
  Rank& of = ranks_[rank];
  if (of.state != State::absent)
    return fmt::format("its agent says twice that rank {} was started", rank);
  of = {State::started, false, input_};
  return std::nullopt;
}

RankReports::Fault RankReports::exited(std::uint32_t rank) {
  Rank& of = ranks_[rank];
  if (of.state != State::started)
    return fmt::format("its agent says that rank {} has ended, which does not run", rank);
  of.state = State::exited;
  return std::nullopt;
}

RankReports::Fault RankReports::done(std::uint32_t rank) {
  Rank& of = ranks_[rank];
  if (of.state != State::exited)
    return fmt::format("its agent says that all of rank {} is told, which has not ended", rank);
  of.state = State::done;
  return std::nullopt;
}

RankReports::Fault RankReports::announced(std::uint32_t rank) {
  Rank& of = ranks_[rank];
  if (of.announced) return fmt::format("its agent says twice where rank {} listens", rank);
  of.announced = true;
  return std::nullopt;
}

RankReports::Fault RankReports::read_input(std::uint32_t rank, std::size_t bytes) {
  Rank& of = ranks_[rank];
  of.input += bytes;
  if (of.input <= input_) return std::nullopt;
  return fmt::format("its agent says that rank {} has read more than it was given", rank);
}

RankReports::Fault RankReports::printed(std::uint32_t host, std::size_t bytes) {
  shown_[host] += bytes;
  if (shown_[host] <= agent::OutputWindow::size_bytes) return std::nullopt;
  return std::string("its agent sends more output than there is room for");
}

std::size_t RankReports::given_back(std::uint32_t host, std::size_t bytes) {
  const std::size_t to_the_gone = std::min(bytes, owed_[host]);
  owed_[host] -= to_the_gone;
  bytes -= to_the_gone;
  shown_[host] -= std::min(bytes, shown_[host]);
  return bytes;
}

void RankReports::host_lost(std::uint32_t host) {
  owed_[host] += std::exchange(shown_[host], 0);
}

}  // namespace prun::job
