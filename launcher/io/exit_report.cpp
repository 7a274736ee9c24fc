#include "launcher/io/exit_report.hpp"

#include <fmt/format.h>

#include <csignal>

#include "launcher/cli/exit_status.hpp"

namespace prun::io {
namespace {

struct SignalName {
  int number;
  const char* text;
};

constexpr SignalName signal_names[] = {
    {SIGHUP, "hangup"},
    {SIGINT, "interrupted"},
    {SIGQUIT, "quit"},
    {SIGILL, "illegal instruction"},
    {SIGTRAP, "trace trap"},
    {SIGABRT, "aborted"},
    {SIGBUS, "bus error"},
    {SIGFPE, "arithmetic error, such as a division by zero"},
    {SIGKILL, "killed"},
    {SIGUSR1, "user signal 1"},
    {SIGSEGV, "segmentation fault"},
    {SIGUSR2, "user signal 2"},
    {SIGPIPE, "broken pipe"},
    {SIGALRM, "alarm clock"},
    {SIGTERM, "terminated"},
    {SIGSTKFLT, "stack fault"},
    {SIGXCPU, "processor time limit exceeded"},
    {SIGXFSZ, "file size limit exceeded"},
    {SIGVTALRM, "virtual timer expired"},
    {SIGPROF, "profiling timer expired"},
    {SIGIO, "input or output possible"},
    {SIGPWR, "power failure"},
    {SIGSYS, "bad system call"},
};

// What a person should know about this end beyond its cause, or nothing.
std::string hint(const RankEnd& end) {
  const std::string where = end.host.empty() ? "this machine" : end.host;
  if (end.signalled && end.value == SIGKILL) {
    return fmt::format("; if nobody killed it, {} ran out of memory: see `dmesg` there", where);
  }
  if (end.signalled && end.value == SIGILL) {
    return fmt::format("; the program may be built for another processor than that of {}", where);
  }
  if (!end.signalled && end.value == 0) {
    return ": it left while its prun::Environment was in use; let main return instead of calling "
           "exit()";
  }
  return {};
}

}  // namespace

std::string signal_text(int number) {
  for (const auto& known : signal_names) {
    if (known.number == number) return fmt::format("signal {} ({})", number, known.text);
  }
  if (number >= 32 && number <= 64) return fmt::format("signal {} (real-time signal)", number);
  return fmt::format("signal {}", number);
}

std::string rank_name(std::uint32_t rank, std::string_view host) {
  return host.empty() ? fmt::format("rank {}", rank) : fmt::format("rank {} on {}", rank, host);
}

bool is_failure(const RankEnd& end) {
  return end.signalled || end.value != 0 || end.phase == bootstrap::RankPhase::joined;
}

std::string cause_text(const RankEnd& end) {
  if (end.signalled) return fmt::format("died: {}", signal_text(end.value));
  if (end.value == 0 && is_failure(end)) return "ended without finalize (exit status 0)";
  return fmt::format("exited with status {}", end.value);
}

std::string end_sentence(const RankEnd& end) {
  std::string sentence = fmt::format("{} {}", rank_name(end.rank, end.host), cause_text(end));
  if (is_failure(end)) sentence += hint(end);
  return sentence;
}

int exit_status_of(const RankEnd& end) {
  if (end.signalled) return 128 + end.value;
  if (end.value != 0) return end.value;
  return is_failure(end) ? cli::exit_rank_unfinished : 0;
}

std::string abort_sentence(std::uint32_t rank, std::string_view host, std::int32_t status,
                           std::string_view text) {
  std::string sentence = fmt::format("{} ended the job with status {}", rank_name(rank, host),
                                     exit_status_of_abort(status));
  if (!text.empty()) sentence += fmt::format(": {}", text);
  return sentence;
}

int exit_status_of_abort(std::int32_t status) {
  return status >= 1 && status <= 255 ? status : 1;
}

std::string time_limit_sentence(std::chrono::milliseconds limit) {
  return fmt::format("the job was ended at its time limit of {:g} s (--timeout)",
                     static_cast<double>(limit.count()) / 1000.0);
}

std::string silence_words(std::chrono::milliseconds silence) {
  const auto tenths = (silence.count() + 50) / 100;
  return tenths < 20 ? fmt::format("stopped answering {}.{} s ago", tenths / 10, tenths % 10)
                     : fmt::format("stopped answering {} s ago", (tenths + 5) / 10);
}

}  // namespace prun::io
