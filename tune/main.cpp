// prun --tune, and with --pairs the links of prun doctor. The first: what the library believes of its links, which algorithm it would take for what, and
// how long that is predicted to take and does take. Every rank runs this; rank 0 prints.
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>
#include <string_view>

#include <prun/detail/tuning.hpp>
#include <prun/prun.hpp>

#include "tune/measurements.hpp"
#include "tune/pairs.hpp"

namespace {

using prun::Communicator;
using prun::detail::Explanation;
using prun::detail::LinkFigures;
using prun::detail::LinkTable;

constexpr std::size_t sizes[] = {8, 1024, 4096, 16u << 10, 64u << 10, 256u << 10, 1024u << 10};

void print_link(const char* between, const LinkFigures& link, bool there_are_such) {
  std::printf("  %-18s latency %9.1f us   %10.1f Mbit/s%s\n", between, link.latency_seconds * 1e6,
              link.bytes_per_second * 8e-6,
              there_are_such ? "" : "   (assumed: no such pair here)");
}

std::string readable(std::size_t bytes) {
  if (bytes >= (1u << 20)) return std::to_string(bytes >> 20) + " MiB";
  if (bytes >= 1024) return std::to_string(bytes >> 10) + " KiB";
  return std::to_string(bytes) + " B";
}

void show(const Communicator& world, const prun::tune::Trial& trial, std::size_t bytes) {
  const Explanation choice = prun::detail::explain(world, trial.operation, bytes);
  const double measured = prun::tune::measure(world, trial, bytes);
  if (world.rank() != 0) return;
  const std::string segment = choice.segment_bytes == 0 ? "-" : readable(choice.segment_bytes);
  std::printf("%-15s %8s  %-19s %8s %12.3f %12.3f %8.2f\n", std::string(trial.operation).c_str(),
              trial.operation == "barrier" ? "-" : readable(bytes).c_str(),
              choice.algorithm.c_str(), segment.c_str(), choice.predicted_seconds * 1e3,
              measured * 1e3, measured / choice.predicted_seconds);
}

void tune(const Communicator& world) {
  const LinkTable links = prun::detail::link_table(world);
  if (world.rank() == 0) {
    std::printf("%d ranks. Their links:\n", world.size());
    print_link("between two hosts:", links.between_hosts, links.several_hosts);
    print_link("on one host:", links.within_host, links.shared_hosts);
    std::printf("\n%-15s %8s  %-19s %8s %12s %12s %8s\n", "operation", "bytes", "algorithm",
                "segments", "predicted ms", "measured ms", "ratio");
  }
  for (const prun::tune::Trial& trial : prun::tune::trials()) {
    if (trial.operation == "barrier") {
      show(world, trial, 0);
      continue;
    }
    for (const std::size_t bytes : sizes) show(world, trial, bytes);
  }
}

}  // namespace

int main(int argc, char** argv) {
  try {
    prun::Environment env(argc, argv);
    if (env.world().size() == 1) {
      std::fprintf(stderr,
                   "prun --tune: there is one rank, and so no link; name hosts (prun --tune -H "
                   "rpi1,rpi2) or a number of ranks (prun --tune -n 2)\n");
      return EXIT_FAILURE;
    }
    if (argc > 1 && std::string_view(argv[1]) == "--pairs") {
      prun::tune::measure_pairs(env.world());
    } else {
      tune(env.world());
    }
    return EXIT_SUCCESS;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "prun --tune: %s\n", error.what());
    return EXIT_FAILURE;
  }
}
