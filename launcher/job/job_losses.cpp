// A job that goes on without the ranks it has lost (--on-failure=continue).
#include <fmt/format.h>

#include <utility>

#include "launcher/job/job.hpp"

namespace prun::job {

// True if the job goes on.
bool Job::go_on_without(std::uint32_t host, const io::RankEnd& end) {
  if (!goes_on()) return false;
  const std::string cause = losses_.cause_of(end);
  const bool lost = losses_.add(end);
  if (lost) note_loss(fmt::format("{} {}", io::rank_name(end.rank, end.host), cause));
  tell_living(bootstrap::PeerLost{end.rank, !lost, cause});
  trace(fmt::format("going on without {}", io::rank_name(end.rank, name(host))));
  answer_survivors();
  return true;
}

// Of hosts that are lost. They are gone already, as far as others are concerned.
void Job::go_on_without_ranks(const std::vector<std::uint32_t>& lost, const std::string& sentence) {
  for (const auto rank : lost) {
    losses_.add_with_host(rank, name(machine_of_rank_[rank]));
    forget_reader(rank);
  }
  note_loss(sentence);
  answer_survivors();
}

void Job::note_loss(const std::string& sentence) {
  if (plan_.options.verbosity >= 0) output_.own_line(sentence + "; the others go on");
}

void Job::on_peer_suspected(const bootstrap::PeerSuspected& suspected) {
  if (!goes_on() || suspected.peer >= machine_of_rank_.size()) return;
  if (rank_gone_[suspected.rank] || rank_gone_[suspected.peer]) return;
  // Of two that have lost each other, the first to say so stays.
  if (losses_.condemned(suspected.rank)) return;
  const auto by = io::rank_name(suspected.rank, name(machine_of_rank_[suspected.rank]));
  if (!losses_.condemn(
          suspected.peer,
          fmt::format("was ended, for {} has lost its connection to it ({})", by, suspected.cause)))
    return;
  const auto& channel = machines_[machine_of_rank_[suspected.peer]]->channel;
  if (channel) channel->send(bootstrap::EndRank{suspected.peer});
}

void Job::on_survivors_asked(std::uint32_t host, const bootstrap::SurvivorsAsked& asked) {
  if (stage_ != Stage::running || rank_gone_[asked.rank]) return;
  const auto come = survivor_rounds_.come(asked, static_cast<std::uint32_t>(rank_gone_.size()));
  if (!come)
    return lose_host(
        host, fmt::format("rank {} calls survivors() and {}", asked.rank, come.failure().text));
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
  if (const auto& verdict = losses_.verdict())
    decide(verdict->status, verdict->sentence, Culprit::job);
}

}  // namespace prun::job
