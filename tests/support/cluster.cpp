#include "tests/support/cluster.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <exception>
#include <numeric>

namespace prun::test {
namespace {

constexpr std::uint32_t context = 7;

}  // namespace

Cluster::Cluster(ClusterOptions options)
    : options_(options),
      random_(options.network.seed.value_or(1)),
      network_(options.ranks, options.network),
      members_(static_cast<std::size_t>(options.ranks)),
      busy_until_(members_.size()) {
  std::iota(members_.begin(), members_.end(), 0);
  for (const p2p::WorldRank rank : members_) {
    const auto index = static_cast<std::size_t>(rank);
    auto route = [this, rank](p2p::WorldRank) -> transport::Transport& {
      return network_.transport(rank);
    };
    auto gone = [this, rank, index](p2p::WorldRank peer, bool orderly, const std::string& cause) {
      if (options_.on_gone) {
        options_.on_gone(rank, peer, orderly, cause);
      } else if (orderly) {
        endpoints_[index]->peer_finished(peer);
      } else {
        endpoints_[index]->peer_lost(peer, cause);
      }
    };
    auto namer = [](p2p::WorldRank peer) {
      return std::string("rank ").append(std::to_string(peer));
    };
    endpoints_.push_back(std::make_unique<p2p::Endpoint>(options_.limits, route, gone, namer));
    network_.attach(rank, *endpoints_.back());
  }
}

coll::Team Cluster::team(int rank, std::int32_t call, const Datatype& type) {
  return coll::Team(endpoint(rank), members_, rank, context, call, type);
}

std::vector<std::size_t> Cluster::order() {
  std::vector<std::size_t> ranks(endpoints_.size());
  std::iota(ranks.begin(), ranks.end(), std::size_t{0});
  if (options_.network.seed) std::shuffle(ranks.begin(), ranks.end(), random_);
  return ranks;
}

std::uint64_t Cluster::at(VirtualTime time, std::function<void()> call) {
  calls_.emplace(time, Call{next_call_, std::move(call)});
  return next_call_++;
}

bool Cluster::step() {
  bool moved = false;
  while (!calls_.empty() && calls_.begin()->first <= now()) {
    const auto due = calls_.extract(calls_.begin());
    due.mapped().call();
    moved = true;
  }
  for (const std::size_t rank : order()) {
    if (busy_until_[rank] > now()) continue;
    if (network_.transport(members_[rank]).progress()) moved = true;
    if (endpoints_[rank]->run_ready()) moved = true;
  }
  return moved;
}

bool Cluster::take_in() {
  bool moved = false;
  for (std::size_t rank = 0; rank < endpoints_.size(); ++rank) {
    if (busy_until_[rank] <= now() && endpoints_[rank]->take_in_unexpected()) moved = true;
  }
  return moved;
}

// To whatever happens next; false if nothing does.
bool Cluster::pass_time() {
  std::optional<VirtualTime> next = network_.next_event();
  if (!calls_.empty()) next = std::min(next.value_or(VirtualTime::max()), calls_.begin()->first);
  if (!next) return false;
  network_.advance_to(*next);
  return true;
}

bool Cluster::run_until(const std::function<bool()>& done) {
  while (!done()) {
    if (step()) continue;
    // A rank that is blocked takes messages in after a while, on wires: not at once.
    if (options_.network.wires && random_() % 4 != 0 && pass_time()) continue;
    if (!take_in() && !pass_time()) return done();
  }
  return true;
}

void Cluster::run(std::vector<coll::Task>& tasks) {
  for (const std::size_t rank : order()) tasks[rank].start();
  const auto all_done = [&tasks] {
    return std::all_of(tasks.begin(), tasks.end(),
                       [](const coll::Task& task) { return task.done(); });
  };
  if (run_until(all_done)) return;
  std::string waiting;
  for (std::size_t rank = 0; rank < tasks.size(); ++rank) {
    if (!tasks[rank].done()) waiting.append(" ").append(std::to_string(rank));
  }
  ADD_FAILURE() << "nothing moves any more, and these ranks still wait:" << waiting;
}

void Cluster::expect_quiet() {
  run_until([] { return false; });
  for (int rank = 0; rank < size(); ++rank) {
    EXPECT_TRUE(endpoint(rank).idle()) << "rank " << rank << " has a send under way";
    const p2p::UnexpectedMessage* message = endpoint(rank).probe({context, match::any, match::any});
    if (message != nullptr) {
      ADD_FAILURE() << "rank " << rank << " has an unread message from " << message->label.source
                    << " of " << message->envelope.bytes() << " bytes";
    }
  }
}

std::optional<core::Failure> failure_of(const coll::Task& task) {
  const std::exception_ptr error = task.error();
  if (!error) return std::nullopt;
  try {
    std::rethrow_exception(error);
  } catch (const coll::TransferFailed& failed) {
    return failed.failure();
  } catch (const std::exception& other) {
    ADD_FAILURE() << "the task ended with: " << other.what();
  }
  return core::Failure{Errc::bad_data, "see above"};
}

}  // namespace prun::test
