#include <algorithm>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <iterator>
#include <string>
#include <variant>
#include <vector>

#include <prun/prun.hpp>

#include "farm.hpp"
#include "options.hpp"
#include "range.hpp"
#include "report.hpp"
#include "sieve.hpp"
#include "trial.hpp"

namespace {

// With --list the numbers are searched a window at a time, so that rank 0 never holds more than the
// primes of one: about a million, 8 MB.
constexpr std::uint64_t list_window = std::uint64_t{1} << 24;

void print(const std::vector<std::uint64_t>& primes) {
  std::string lines;
  for (const std::uint64_t prime : primes) {
    char digits[20];
    const auto end = std::to_chars(std::begin(digits), std::end(digits), prime).ptr;
    lines.append(digits, end).push_back('\n');
  }
  std::fwrite(lines.data(), 1, lines.size(), stdout);
}

// Searches this rank's share of the numbers below the limit; with --list, rank 0 prints all that
// are found.
Share search(const Options& options, const prun::Communicator& world) {
  Sieve sieve(options.method == Method::sieve ? options.limit : 0);
  const std::uint64_t width = options.list ? list_window : options.limit;
  Share share;
  for (Range window; window.low < options.limit; window.low = window.high) {
    window.high = window.low + std::min(width, options.limit - window.low);
    std::vector<std::uint64_t> found;
    std::vector<std::uint64_t>* const keep = options.list ? &found : nullptr;

    const double start = prun::Environment::wtime();
    if (options.method == Method::sieve) {
      share.primes += sieve.search(part_of(window, world.rank(), world.size()), keep);
    } else {
      share.primes += search_by_trial(window, world.rank(), world.size(), keep);
    }
    share.seconds += prun::Environment::wtime() - start;

    if (options.list) {
      std::vector<std::uint64_t> all = world.gatherv(found, 0);
      // Shares of the sieve follow one another; those of trial division interleave.
      if (options.method == Method::trial) std::sort(all.begin(), all.end());
      print(all);
    }
  }
  return share;
}

}  // namespace

int main(int argc, char** argv) try {
  prun::Environment env(argc, argv);
  const prun::Communicator& world = env.world();
  const auto arguments = read_options(argc, argv, world);
  if (const auto* end = std::get_if<EarlyEnd>(&arguments)) return end->exit_status;
  const auto& options = std::get<Options>(arguments);

  // The other ranks have left the farm by now.
  if (options.farm && world.rank() == 0 && env.incarnation() > 0)
    env.abort(EXIT_FAILURE, "rank 0 was lost, and all that had been found with it");

  // The time is not to count ranks that are still starting; a farm waits for none.
  if (!options.farm) world.barrier();
  const double start = prun::Environment::wtime();
  const std::vector<Share> shares =
      options.farm ? search_as_farm(options, world) : world.gather(search(options, world), 0);
  if (world.rank() == 0) {
    report(options.list ? stderr : stdout, options, world, shares,
           prun::Environment::wtime() - start);
    if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) {
      env.abort(EXIT_FAILURE, "the output could not be written");
    }
  }
} catch (const std::exception& error) {
  std::fprintf(stderr, "prime: %s\n", error.what());
  return EXIT_FAILURE;
}
