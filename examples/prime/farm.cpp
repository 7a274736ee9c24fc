#include "farm.hpp"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cinttypes>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>

#include "range.hpp"
#include "sieve.hpp"
#include "trial.hpp"

namespace {

// So many pieces that ranks end at about the same time, and little is lost with one; so long that a
// message is nothing beside its piece; so short that even a slow board needs seconds only.
constexpr std::uint64_t pieces = 1024;

std::uint64_t piece_width(const Options& options) {
  const std::uint64_t width = options.limit / pieces;
  return options.method == Method::sieve
             ? std::clamp(width, std::uint64_t{1} << 16, std::uint64_t{1} << 30)
             : std::clamp(width, std::uint64_t{1} << 10, std::uint64_t{1} << 20);
}

// One line that is written over on a terminal, and a line a second elsewhere.
class ProgressLine {
 public:
  void show(const prun::FarmProgress& progress) {
    std::string line = std::to_string(progress.done);
    if (progress.total) line += " of " + std::to_string(*progress.total);
    char rate[32];
    std::snprintf(rate, sizeof rate, "%.1f", progress.rate());
    line.append(" pieces done, ").append(rate).append(" a second");
    for (const std::string& host : progress.lost_hosts)
      line.append(&host == progress.lost_hosts.data() ? ", lost: " : " ").append(host);
    for (const int& rank : progress.returned)
      line.append(&rank == progress.returned.data() ? ", back: rank " : " ")
          .append(std::to_string(rank));
    if (terminal_) {
      std::fprintf(stderr, "\r%s\033[K", line.c_str());
    } else {
      std::fprintf(stderr, "%s\n", line.c_str());
    }
  }

  // What follows begins on a line of its own.
  void end() const {
    if (terminal_) std::fputc('\n', stderr);
  }

  bool on_terminal() const { return terminal_; }

 private:
  bool terminal_ = isatty(STDERR_FILENO) != 0;
};

}  // namespace

std::vector<Share> search_as_farm(const Options& options, const prun::Communicator& world) {
  Sieve sieve(options.method == Method::sieve ? options.limit : 0);
  const auto search = [&](const Range& piece) {
    const double start = prun::Environment::wtime();
    Share share;
    share.primes = options.method == Method::sieve ? sieve.search(piece, nullptr)
                                                   : search_by_trial(piece, 0, 1, nullptr);
    share.seconds = prun::Environment::wtime() - start;
    return share;
  };

  const std::uint64_t width = piece_width(options);
  prun::FarmOptions how;
  how.total = (options.limit + width - 1) / width;
  ProgressLine line;
  const bool shown = world.rank() == 0 && (line.on_terminal() || options.progress);
  if (shown) how.on_progress = [&](const prun::FarmProgress& progress) { line.show(progress); };
  if (!line.on_terminal()) how.progress_interval = std::chrono::seconds(1);

  std::uint64_t low = 0;
  const auto next_piece = [&]() -> std::optional<Range> {
    if (low == options.limit) return std::nullopt;
    const Range piece{low, low + std::min(width, options.limit - low)};
    low = piece.high;
    return piece;
  };
  std::vector<Share> shares(world.rank() == 0 ? static_cast<std::size_t>(world.size()) : 0);
  prun::Farm<Range, Share> farm(world, search, how);
  farm.run(next_piece, [&](std::uint64_t, const Share& found, int rank) {
    Share& share = shares[static_cast<std::size_t>(rank)];
    share.primes += found.primes;
    share.seconds += found.seconds;
  });
  if (shown) line.end();
  return shares;
}
