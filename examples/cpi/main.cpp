#include <CLI/CLI.hpp>

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <functional>
#include <iostream>
#include <numbers>

#include <prun/prun.hpp>

// Pi as the area under 4 / (1 + x^2) between 0 and 1, by the midpoint rule: every rank adds up
// every size-th interval, rank 0 the sums of all.
namespace {

// Every rank reads the same arguments and so comes to the same end; rank 0 alone says why.
int explain(const CLI::App& app, const CLI::ParseError& end, const prun::Communicator& world) {
  if (world.rank() == 0) app.exit(end);
  world.barrier();  // nobody leaves, which would end the job, before it is said
  return end.get_exit_code() == 0 ? 0 : 2;
}

// The area of intervals first, first + step, first + 2 * step ... out of `intervals`.
double area(std::int64_t intervals, std::int64_t first, std::int64_t step) {
  const double width = 1.0 / static_cast<double>(intervals);
  double sum = 0;
  for (std::int64_t i = first; i < intervals; i += step) {
    const double x = width * (static_cast<double>(i) + 0.5);
    sum += 4.0 / (1.0 + x * x);
  }
  return sum * width;
}

}  // namespace

int main(int argc, char** argv) try {
  prun::Environment env(argc, argv);
  const prun::Communicator& world = env.world();

  CLI::App app("Computes pi by quadrature.", "cpi");
  std::int64_t intervals = 10'000'000;
  app.add_option("INTERVALS", intervals, "how many intervals to add up")
      ->capture_default_str()
      ->check(CLI::Range(std::int64_t{1}, std::int64_t{1'000'000'000'000'000}));
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& end) {
    return explain(app, end, world);
  }

  std::printf("rank %d of %d is on %s\n", world.rank(), world.size(), world.host().c_str());
  std::fflush(stdout);

  world.barrier();
  const double start = prun::Environment::wtime();
  // Every rank has read the number itself; a program whose rank 0 asks a person would need this.
  world.bcast(intervals, 0);
  const double mine = area(intervals, world.rank(), world.size());
  const double pi = world.reduce(mine, std::plus<>{}, 0);
  const double seconds = prun::Environment::wtime() - start;

  if (world.rank() == 0) {
    std::printf("pi is approximately %.16f, error %.16f\n", pi, std::abs(pi - std::numbers::pi));
    std::printf("%lld intervals in %.6f s\n", static_cast<long long>(intervals), seconds);
  }
} catch (const std::exception& error) {
  std::cerr << "cpi: " << error.what() << '\n';
  return EXIT_FAILURE;
}
