// A job that goes on without the ranks it has lost (--on-failure=continue).
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <utility>

#include "launcher/job/job.hpp"

namespace prun::job {

// True if the job goes on.
bool Job::go_on_without(std::uint32_t host, const io::RankEnd& end) {
  if (!goes_on()) return false;
  const std::string cause = losses_.cause_of(end);
  const bool lost = losses_.add(end);
  if (lost && !may_lose(end.rank)) return false;
  const std::uint32_t process = restarts_.process_of(end.rank);
  if (lost) {
    expect_again(end.rank);
    const bool is_last = restarts_.allowed() && !restarts_.awaited(end.rank);
    note_loss(fmt::format("{} {}{}", io::rank_name(end.rank, end.host), cause,
                          is_last ? ", and is not started again" : ""));
  }
  tell_loss(bootstrap::PeerLost{process, !lost, cause});
  trace(fmt::format("going on without {}", io::rank_name(end.rank, name(host))));
  answer_survivors();
  return true;
}

// Of hosts that are lost. They are gone already, as far as others are concerned.
void Job::go_on_without_ranks(const std::vector<std::uint32_t>& hosts,
                              const std::vector<std::uint32_t>& lost, const std::string& sentence) {
  for (const auto rank : lost) {
    losses_.add_with_host(rank, name(machine_of_rank_[rank]));
    forget_reader(rank);
  }
  std::vector<std::string> awaited;
  for (const auto host : hosts) {
    if (!awaits_host(host)) continue;
    awaited.push_back(name(host));
    try_host_later(host, machines_[host]->return_pauses.next());
  }
  note_loss(awaited.empty()
                ? sentence
                : fmt::format("{}; {} {} tried again now and then", sentence,
                              fmt::join(awaited, ", "), awaited.size() == 1 ? "is" : "are"));
  answer_survivors();
}

void Job::tell_loss(const bootstrap::PeerLost& loss) {
  tell_living(loss);
  if (restarts_.allowed()) told_losses_.push_back(loss);
}

void Job::note_loss(const std::string& sentence) {
  if (plan_.options.verbosity >= 0) output_.own_line(sentence + "; the others go on");
}

void Job::on_peer_suspected(const bootstrap::PeerSuspected& suspected) {
  if (!goes_on() || !restarts_.is_present(suspected.peer)) return;
  if (rank_gone_[suspected.rank] || rank_gone_[suspected.peer]) return;
  const std::uint32_t rank = restarts_.rank_of(suspected.rank);
  const std::uint32_t peer = restarts_.rank_of(suspected.peer);
  end_for(rank, peer,
          fmt::format("{} has lost its connection to it ({})",
                      io::rank_name(rank, name(machine_of_rank_[rank])), suspected.cause));
}

// Of two that have lost each other, the first to say so stays.
void Job::end_for(std::uint32_t rank, std::uint32_t peer, const std::string& why) {
  if (losses_.condemned(rank) || !losses_.condemn(peer, "was ended, for " + why)) return;
  const auto& channel = machines_[machine_of_rank_[peer]]->channel;
  if (channel) channel->send(bootstrap::EndRank{peer});
}

void Job::on_survivors_asked(std::uint32_t host, const bootstrap::SurvivorsAsked& asked) {
  if (stage_ != Stage::running || rank_gone_[asked.rank]) return;
  const auto come = survivor_rounds_.come(asked, static_cast<std::uint32_t>(rank_gone_.size()));
  if (!come)
    return lose_host(host, fmt::format("rank {} calls survivors() and {}",
                                       restarts_.rank_of(asked.rank), come.failure().text));
  tell_living(asked);
  answer_survivors();
}

void Job::answer_survivors() {
  for (const auto& answer : survivor_rounds_.due(rank_gone_)) tell_living(answer);
}

// What there is to be said when all that were left have ended.
void Job::conclude_losses() {
  if (!goes_on()) return;
  if (const auto summary = losses_.summary(); !summary.empty() && plan_.options.verbosity >= 0)
    output_.own_line(summary);
  if (const auto verdict = losses_.verdict())
    decide(verdict->status, verdict->sentence, Culprit::job);
}

}  // namespace prun::job
