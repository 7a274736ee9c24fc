#include "report.hpp"

#include <algorithm>
#include <cinttypes>
#include <cstddef>
#include <set>
#include <string>

namespace {

const char* plural(std::uint64_t count) {
  return count == 1 ? "" : "s";
}

}  // namespace

void report(std::FILE* out, const Options& options, const prun::Communicator& world,
            const std::vector<Share>& shares, double seconds) {
  std::vector<std::string> hosts;
  hosts.reserve(shares.size());
  for (int rank = 0; rank < world.size(); ++rank) hosts.push_back(world.host(rank));
  std::size_t width = 4;
  for (const std::string& host : hosts) width = std::max(width, host.size());
  const int columns = static_cast<int>(width);

  std::fprintf(out, "%5s  %-*s  %16s  %10s\n", "rank", columns, "host", "primes found", "seconds");
  std::uint64_t total = 0;
  double slowest = 0;
  for (std::size_t rank = 0; rank < shares.size(); ++rank) {
    const Share& share = shares[rank];
    std::fprintf(out, "%5zu  %-*s  %16" PRIu64 "  %10.6f\n", rank, columns, hosts[rank].c_str(),
                 share.primes, share.seconds);
    total += share.primes;
    slowest = std::max(slowest, share.seconds);
  }

  const std::size_t machines = std::set<std::string>(hosts.begin(), hosts.end()).size();
  std::fprintf(out, "%" PRIu64 " prime%s below %" PRIu64 ", found by %zu rank%s on %zu host%s\n",
               total, plural(total), options.limit, shares.size(), plural(shares.size()), machines,
               plural(machines));
  std::fprintf(out, "%.6f s in all at rank 0; the slowest rank searched for %.6f s\n", seconds,
               slowest);
}
