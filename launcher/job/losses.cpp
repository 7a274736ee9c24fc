#include "launcher/job/losses.hpp"

#include <fmt/format.h>

#include <utility>

#include "launcher/cli/exit_status.hpp"

namespace prun::job {
namespace {

std::string ranks_of(const std::vector<std::uint32_t>& ranks, const std::string& host) {
  std::string text = ranks.size() == 1 ? "rank " : "ranks ";
  for (std::size_t i = 0; i < ranks.size(); ++i) {
    if (i > 0) text += i + 1 == ranks.size() ? " and " : ", ";
    text += std::to_string(ranks[i]);
  }
  return host.empty() ? text : text + " on " + host;
}

}  // namespace

bool Losses::add(const io::RankEnd& end) {
  const bool finished = !end.signalled && end.phase == bootstrap::RankPhase::finalized;
  const Verdict verdict{io::exit_status_of(end), io::end_sentence(end)};
  if (end.rank == 0) {
    rank_0_ = verdict;
  } else if (!end.signalled && end.phase != bootstrap::RankPhase::joined) {
    others_.emplace_back(end.rank, verdict);
  }
  if (!finished) lost_.emplace(end.rank, end.host);
  return !finished;
}

void Losses::add_with_host(std::uint32_t rank, const std::string& host) {
  lost_.emplace(rank, host);
  if (rank == 0)
    rank_0_ = Verdict{cli::exit_own_failure, fmt::format("rank 0 was lost with its host {}", host)};
}

void Losses::back(std::uint32_t rank) {
  lost_.erase(rank);
  condemned_.erase(rank);
  if (rank == 0) rank_0_.reset();
  std::erase_if(others_, [rank](const auto& other) { return other.first == rank; });
}

std::optional<Losses::Verdict> Losses::verdict() const {
  if (rank_0_ || others_.empty()) return rank_0_;
  return others_.front().second;
}

bool Losses::condemn(std::uint32_t rank, std::string cause) {
  return condemned_.emplace(rank, std::move(cause)).second;
}

std::string Losses::cause_of(const io::RankEnd& end) const {
  const auto condemned = condemned_.find(end.rank);
  return condemned == condemned_.end() ? io::cause_text(end) : condemned->second;
}

std::string Losses::summary() const {
  std::map<std::string, std::vector<std::uint32_t>> by_host;
  for (const auto& [rank, host] : lost_) by_host[host].push_back(rank);
  std::string text;
  for (const auto& [host, ranks] : by_host)
    text += (text.empty() ? "went on without " : ", ") + ranks_of(ranks, host);
  return text;
}

}  // namespace prun::job
