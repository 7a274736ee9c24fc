#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "runtime/bootstrap/control_messages.hpp"

// The words and the number prun ends with. Pure functions.
namespace prun::io {

// How the process of a rank ended.
struct RankEnd {
  std::uint32_t rank = 0;
  std::string host;  // as the user named it; empty: not worth naming
  bool signalled = false;
  std::uint8_t value = 0;  // exit status, or the signal's number
  bootstrap::RankPhase phase = bootstrap::RankPhase::never_joined;
};

// "signal 11 (segmentation fault)". The same words in every language setting.
std::string signal_text(int number);

// "rank 3 on rpi4", "rank 3".
std::string rank_name(std::uint32_t rank, std::string_view host);

// True if the job cannot count this as success: a signal, a status other than 0, or an exit in the
// middle of the library's work.
bool is_failure(const RankEnd& end);

// "died: signal 11 (segmentation fault)", "exited with status 3", "ended without finalize (exit
// status 0)".
std::string cause_text(const RankEnd& end);

// The last line of a job that this rank ended, without a full stop or line feed: who, the cause,
// and where something useful is known about it, what to look at.
std::string end_sentence(const RankEnd& end);

// What prun exits with when this end is the first failure: 128+signal, the rank's status, or
// exit_rank_unfinished.
int exit_status_of(const RankEnd& end);

// The same for a rank that gave up on purpose. A status no process can have becomes 1.
std::string abort_sentence(std::uint32_t rank, std::string_view host, std::int32_t status,
                           std::string_view text);
int exit_status_of_abort(std::int32_t status);

// "the job was ended at its time limit of 1.5 s (--timeout)".
std::string time_limit_sentence(std::chrono::milliseconds limit);

// "stopped answering 4 s ago", of a host.
std::string silence_words(std::chrono::milliseconds silence);

}  // namespace prun::io
