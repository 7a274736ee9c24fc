// Thousands of simulated jobs, each drawn from its seed.
//
// usage: simulate [--first N] [--count N] [--seed N]
//   --first N  the seed of the first job (1)
//   --count N  how many (1000)
//   --seed N   this one alone, told at length: the way to see a failure again

#include <gtest/gtest.h>

#include <charconv>
#include <cstdio>
#include <string_view>

#include "tests/simulation/simulation.hpp"

namespace prun::test {
namespace {

struct Options {
  std::uint32_t first = 1;
  std::uint32_t count = 1000;
  bool told = false;
};
Options options;

TEST(Simulation, WhatHoldsForEveryJobHoldsInEachSchedule) {
  for (std::uint32_t i = 0; i < options.count; ++i) {
    const std::uint32_t seed = options.first + i;
    Simulation job(seed);
    if (options.told) std::printf("seed %u: %s\n", seed, job.plan().describe().c_str());
    job.run();
    if (options.told)
      std::printf("took %lld ns of virtual time\n", static_cast<long long>(job.took().count()));
    if (testing::Test::HasFailure()) {
      std::printf("see it again with: simulate --seed %u\n%s\n", seed,
                  job.plan().describe().c_str());
      return;
    }
  }
}

TEST(Simulation, OneSeedGivesOneRun) {
  for (std::uint32_t seed = options.first; seed < options.first + 3; ++seed) {
    Simulation once(seed);
    Simulation again(seed);
    once.run();
    again.run();
    EXPECT_EQ(once.took(), again.took()) << "seed " << seed;
  }
}

// What follows a word of the command line, as a number.
bool read_number(const char* text, std::uint32_t& value) {
  const std::string_view word(text);
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
  return error == std::errc() && end == word.data() + word.size();
}

bool read_options(int argc, char** argv) {
  for (int i = 1; i < argc; i += 2) {
    const std::string_view name = argv[i];
    if (i + 1 == argc) return false;
    if (name == "--first") {
      if (!read_number(argv[i + 1], options.first)) return false;
    } else if (name == "--count") {
      if (!read_number(argv[i + 1], options.count)) return false;
    } else if (name == "--seed") {
      if (!read_number(argv[i + 1], options.first)) return false;
      options.count = 1;
      options.told = true;
    } else {
      return false;
    }
  }
  return true;
}

}  // namespace
}  // namespace prun::test

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  if (!prun::test::read_options(argc, argv)) {
    std::fprintf(stderr, "usage: simulate [--first N] [--count N] [--seed N]\n");
    return 64;
  }
  return RUN_ALL_TESTS();
}
