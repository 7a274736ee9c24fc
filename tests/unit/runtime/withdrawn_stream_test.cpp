// A receive that is given up in the middle of its stream must not touch another message that is
// arriving from the same peer at that moment.
#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "tests/support/cluster.hpp"

namespace prun::test {
namespace {

TEST(WithdrawnStream, DoesNotSpoilAnother) {
  int tried = 0;
  for (std::uint32_t seed = 1; seed < 40; ++seed) {
    for (int steps = 1; steps < 40; ++steps) {
      ClusterOptions options;
      options.limits.eager_bytes = 300;  // the first message streams, the second is eager
      options.network.seed = seed;
      Cluster cluster(options);
      const std::vector<std::byte> first(2000, std::byte{1});
      const std::vector<std::byte> second(200, std::byte{2});
      std::vector<std::byte> first_place(first.size());
      std::vector<std::byte> second_place(second.size());
      const auto sender = cluster.team(0, 1, datatype_of<std::byte>());
      const auto receiver = cluster.team(1, 1, datatype_of<std::byte>());
      auto given_up = std::make_unique<coll::Receiving>(receiver, 0, std::span(first_place));
      coll::Receiving kept(receiver, 0, std::span(second_place));
      const coll::Sending streaming(sender, 1, std::span(first));
      std::unique_ptr<coll::Sending> eager;
      int step = 0;
      cluster.run_until([&] {
        if (step++ == 4) eager = std::make_unique<coll::Sending>(sender, 1, std::span(second));
        return step > steps + 5;
      });
      if (given_up->await_ready()) continue;
      given_up.reset();
      cluster.run_until([&] { return kept.await_ready(); });
      ++tried;
      ASSERT_EQ(second_place, second) << "seed " << seed << ", step " << steps;
    }
  }
  EXPECT_GT(tried, 100);
}

}  // namespace
}  // namespace prun::test
