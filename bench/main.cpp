#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <map>
#include <string>

#include "bench/backend.hpp"
#include "bench/operation.hpp"
#include "bench/pattern.hpp"
#include "bench/report.hpp"

namespace prun::bench {

namespace {

constexpr int exit_failed = 1;
constexpr int exit_usage = 2;

// The part of the arguments that fits no number of ranks.
class UsageError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

std::vector<const OperationInfo*> chosen_operations(const Settings& settings, int ranks) {
  std::vector<const OperationInfo*> chosen;
  for (const std::string& name : settings.operations) {
    if (name == "all") {
      for (const OperationInfo& info : operations()) {
        if (ranks >= info.minimum_ranks && !(info.even_ranks && ranks % 2 != 0)) {
          chosen.push_back(&info);
        }
      }
      continue;
    }
    const OperationInfo* info = find_operation(name);
    if (info == nullptr) {
      throw UsageError("there is no operation " + name + "; --list-ops names them all");
    }
    if (ranks < info->minimum_ranks) {
      throw UsageError(name + " needs " + std::to_string(info->minimum_ranks) +
                       " ranks and there is " + std::to_string(ranks) +
                       "; start it with prun -n 2 or mpiexec -n 2");
    }
    if (info->even_ranks && ranks % 2 != 0) {
      throw UsageError(name + " needs an even number of ranks and there are " +
                       std::to_string(ranks));
    }
    chosen.push_back(info);
  }
  return chosen;
}

// What the operation takes of the sizes asked for, without repeats.
std::vector<std::uint64_t> sizes_for(const OperationInfo& info, const Settings& settings) {
  const bool asked = info.sized && !settings.bytes.empty();
  std::vector<std::uint64_t> sizes;
  for (const std::uint64_t bytes : asked ? settings.bytes : info.default_bytes) {
    const std::uint64_t rounded = (bytes + info.granule - 1) / info.granule * info.granule;
    if (std::find(sizes.begin(), sizes.end(), rounded) == sizes.end()) sizes.push_back(rounded);
  }
  return sizes;
}

// Where the ranks are, at rank 0; elsewhere it says nothing. Without `ranks_per_host` where the
// hosts have different numbers of ranks.
struct Hosts {
  std::size_t count = 0;
  std::size_t ranks_per_host = 0;
};

Hosts find_hosts(Backend& backend) {
  constexpr std::size_t longest_name = 256;
  std::array<char, longest_name> mine{};
  const std::string name = backend.host().substr(0, longest_name - 1);
  std::copy(name.begin(), name.end(), mine.begin());
  std::vector<char> all(longest_name * static_cast<std::size_t>(backend.size()));
  backend.gather(std::as_bytes(std::span(mine)), std::as_writable_bytes(std::span(all)), 0);
  std::map<std::string, std::size_t> ranks_of;
  for (std::size_t at = 0; at < all.size(); at += longest_name) ++ranks_of[&all[at]];
  const std::size_t first = ranks_of.begin()->second;
  const bool even = std::all_of(ranks_of.begin(), ranks_of.end(),
                                [first](const auto& host) { return host.second == first; });
  return {ranks_of.size(), even ? first : 0};
}

Line line_of(const OperationInfo& info, const Result& result, const Context& context,
             const Hosts& hosts) {
  const Settings& settings = context.settings;
  Line line;
  line.implementation = Backend::implementation();
  line.version = Backend::version();
  line.operation = info.name;
  line.bytes = result.bytes;
  line.ranks = static_cast<std::uint64_t>(context.backend.size());
  line.hosts = hosts.count;
  line.iterations = result.iterations;
  line.batch = result.batch;
  line.time = result.time;
  line.slowest = result.slowest;
  line.figures = result.figures;
  if (info.demand != nullptr && hosts.count > 1 && hosts.ranks_per_host > 0) {
    const Placement placement{static_cast<int>(hosts.count),
                              static_cast<int>(hosts.ranks_per_host)};
    line.bound = lower_bound(settings.link,
                             info.demand(static_cast<double>(result.bytes), placement, settings));
  }
  return line;
}

void run_all(Context& context) {
  Backend& backend = context.backend;
  const auto chosen = chosen_operations(context.settings, backend.size());
  Hosts hosts;
  Report report(std::cout, context.settings.json);
  for (const OperationInfo* info : chosen) {
    for (const std::uint64_t bytes : sizes_for(*info, context.settings)) {
      const Result result = info->run(context, bytes);
      // Not before: it makes connections, which cost memory.
      if (info->messages && hosts.count == 0) hosts = find_hosts(backend);
      if (backend.rank() == 0) report.print(line_of(*info, result, context, hosts));
    }
  }
  // All leave together: MPICH 4.0 over UCX can wait for ever in MPI_Finalize for a rank that went
  // there with answers still owed.
  if (hosts.count != 0) backend.barrier();
}

void list_operations() {
  for (const OperationInfo& info : operations()) {
    std::cout << info.name << std::string(18 - info.name.size(), ' ') << info.summary << '\n';
  }
}

std::string program_name() {
  return "bench_" + std::string(Backend::implementation());
}

int measure_here(int argc, char** argv, const Settings& settings) {
  const auto start = Clock::now();
  Backend backend(argc, argv);
  Context context{backend, settings, seconds_since(start)};
  try {
    run_all(context);
    return EXIT_SUCCESS;
  } catch (const UsageError& error) {
    // All ranks come to the same conclusion.
    if (backend.rank() == 0) std::cerr << program_name() << ": " << error.what() << '\n';
    return exit_usage;
  } catch (const std::exception& error) {
    std::cerr << program_name() << ": rank " << backend.rank() << " on " << backend.host() << ": "
              << error.what() << std::endl;
    backend.abort(exit_failed);
  }
}

int run(int argc, char** argv) {
  Settings settings;
  CLI::App app(
      "Measures message passing of " + std::string(Backend::implementation()) + " " +
          Backend::version() +
          ".\nStart it as one of several ranks; every rank is given the same arguments. Each "
          "operation is verified\nonce before its time is taken. Times of collectives are averages "
          "over the ranks, with a barrier between\ntwo iterations; \"slowest\" is the slowest "
          "rank. Exit status: 0, 1 = wrong data or a failure, 2 = wrong usage.",
      program_name());
  add_options(app, settings);
  app.add_flag("--list-ops", settings.list_operations, "Name the operations and leave");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? EXIT_SUCCESS : exit_usage;
  }
  if (settings.list_operations) {
    list_operations();
    return EXIT_SUCCESS;
  }
  if (settings.operations.empty()) {
    std::cerr << program_name() << ": say what to measure with --op, such as --op latency or --op "
              << "all; --list-ops names the operations\n";
    return exit_usage;
  }
  return measure_here(argc, argv, settings);
}

}  // namespace

}  // namespace prun::bench

int main(int argc, char** argv) {
  try {
    return prun::bench::run(argc, argv);
  } catch (const std::exception& error) {
    std::cerr << prun::bench::program_name() << ": " << error.what() << '\n';
    return prun::bench::exit_failed;
  }
}
