// Endpoints that talk to each other over memory, frames in pieces and links in changing order.

#include "runtime/p2p/endpoint.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <random>
#include <vector>

#include "tests/support/cluster.hpp"

namespace prun::p2p {
namespace {

using test::Cluster;
using Bytes = std::vector<std::byte>;

constexpr std::uint32_t context = 7;

Bytes pattern(std::size_t count, unsigned seed) {
  Bytes bytes(count);
  for (std::size_t i = 0; i < count; ++i) bytes[i] = static_cast<std::byte>((i * 31 + seed) & 0xff);
  return bytes;
}

class EndpointTest : public testing::TestWithParam<std::optional<std::uint32_t>> {
 protected:
  test::ClusterOptions options(int ranks) {
    test::ClusterOptions options;
    options.ranks = ranks;
    options.network.seed = GetParam();
    for (int rank = 0; rank < ranks; ++rank) members_.push_back(rank);
    return options;
  }

  std::unique_ptr<SendOperation> send(Cluster& cluster, int from, int to, std::int32_t tag,
                                      const Bytes& bytes, bool synchronous = false) {
    auto operation = std::make_unique<SendOperation>(cluster.endpoint(from));
    cluster.endpoint(from).start_send(*operation, to, context, tag, detail::send_buffer(bytes),
                                      synchronous);
    return operation;
  }
  std::unique_ptr<RecvOperation> receive(Cluster& cluster, int at, WorldRank from, std::int32_t tag,
                                         Bytes& into) {
    auto operation = std::make_unique<RecvOperation>(cluster.endpoint(at));
    cluster.endpoint(at).start_recv(*operation, {context, from, tag}, detail::recv_buffer(into),
                                    members_);
    return operation;
  }

  std::vector<WorldRank> members_;
};

TEST_P(EndpointTest, EveryLengthAroundTheLimitsArrives) {
  Cluster cluster(options(2));
  const std::size_t eager = Limits{}.eager_bytes;
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{1}, eager - 1, eager, eager + 1, 3 * eager}) {
    for (const bool posted_first : {true, false}) {
      const Bytes bytes = pattern(size, 3);
      Bytes got;
      std::unique_ptr<RecvOperation> received;
      if (posted_first) received = receive(cluster, 1, 0, 5, got);
      const auto sent = send(cluster, 0, 1, 5, bytes);
      if (!posted_first) {
        ASSERT_TRUE(cluster.run_until([&] {
          return cluster.endpoint(1).probe({context, 0, 5}) != nullptr;
        }));
        EXPECT_EQ(cluster.endpoint(1).probe({context, 0, 5})->envelope.bytes(), size);
        received = receive(cluster, 1, 0, 5, got);
      }
      ASSERT_TRUE(cluster.run_until([&] { return sent->done() && received->done(); })) << size;
      EXPECT_EQ(received->failure(), nullptr);
      EXPECT_TRUE(got == bytes) << size;
    }
  }
  cluster.expect_quiet();
}

TEST_P(EndpointTest, FloodBlocksTheSenderAndArrivesInOrder) {
  auto some = options(2);
  some.limits.envelopes_per_peer = 16;
  some.limits.eager_bytes_per_peer = 1000;
  Cluster cluster(some);
  constexpr std::int32_t messages = 300;
  std::vector<Bytes> payloads;
  std::vector<std::unique_ptr<SendOperation>> sends;
  for (std::int32_t i = 0; i < messages; ++i)
    payloads.push_back(pattern(static_cast<std::size_t>(i % 100), static_cast<unsigned>(i)));
  for (std::int32_t i = 0; i < messages; ++i)
    sends.push_back(send(cluster, 0, 1, i % 7, payloads[static_cast<std::size_t>(i)]));
  cluster.run_until([] { return false; });
  const auto done =
      std::count_if(sends.begin(), sends.end(), [](auto& one) { return one->done(); });
  EXPECT_LE(done, 16) << "more than the receiver gave room for";
  EXPECT_GT(done, 0);
  for (std::int32_t i = 0; i < messages; ++i) {
    Bytes got;
    const auto received = receive(cluster, 1, 0, match::any, got);
    ASSERT_TRUE(cluster.run_until([&] { return received->done(); })) << i;
    EXPECT_EQ(received->envelope().tag, i % 7) << i;
    EXPECT_EQ(got, payloads[static_cast<std::size_t>(i)]) << i;
  }
  cluster.expect_quiet();
}

// The message that is waited for is the last of many that nobody has asked for yet.
TEST_P(EndpointTest, WaitedForMessageBehindAFloodComes) {
  auto some = options(2);
  some.limits.envelopes_per_peer = 16;
  Cluster cluster(some);
  const Bytes small = pattern(10, 1);
  const Bytes last = pattern(20, 2);
  std::vector<std::unique_ptr<SendOperation>> sends;
  for (int i = 0; i < 200; ++i) sends.push_back(send(cluster, 0, 1, 1, small));
  sends.push_back(send(cluster, 0, 1, 2, last));
  Bytes got;
  const auto received = receive(cluster, 1, 0, 2, got);
  ASSERT_TRUE(cluster.run_until([&] { return received->done(); }));
  EXPECT_EQ(got, last);
  for (int i = 0; i < 200; ++i) {
    Bytes one;
    const auto next = receive(cluster, 1, 0, 1, one);
    ASSERT_TRUE(cluster.run_until([&] { return next->done(); }));
    EXPECT_EQ(one, small);
  }
  cluster.expect_quiet();
}

TEST_P(EndpointTest, SymmetricLargeSendsPassBelowTheMemoryCap) {
  auto some = options(2);
  some.limits.unexpected_bytes = 200'000;
  Cluster cluster(some);
  const Bytes there = pattern(150'000, 1);
  const Bytes back = pattern(150'000, 2);
  const auto first = send(cluster, 0, 1, 1, there);
  const auto second = send(cluster, 1, 0, 1, back);
  ASSERT_TRUE(cluster.run_until([&] { return first->done() && second->done(); }));
  Bytes got_there;
  Bytes got_back;
  const auto here = receive(cluster, 1, 0, 1, got_there);
  const auto home = receive(cluster, 0, 1, 1, got_back);
  ASSERT_TRUE(cluster.run_until([&] { return here->done() && home->done(); }));
  EXPECT_TRUE(got_there == there && got_back == back);
  cluster.expect_quiet();
}

TEST_P(EndpointTest, AboveTheMemoryCapTheyWaitForTheirReceives) {
  auto some = options(2);
  some.limits.unexpected_bytes = 100'000;
  Cluster cluster(some);
  const Bytes there = pattern(150'000, 1);
  const auto sent = send(cluster, 0, 1, 1, there);
  EXPECT_FALSE(cluster.run_until([&] { return sent->done(); }));
  Bytes got;
  const auto received = receive(cluster, 1, 0, 1, got);
  ASSERT_TRUE(cluster.run_until([&] { return sent->done() && received->done(); }));
  EXPECT_TRUE(got == there);
}

TEST_P(EndpointTest, SynchronousSendEndsWithItsMatchOnly) {
  Cluster cluster(options(2));
  const Bytes bytes = pattern(10, 1);
  const auto sent = send(cluster, 0, 1, 1, bytes, true);
  EXPECT_FALSE(cluster.run_until([&] { return sent->done(); })) << "nobody has received it";
  Bytes got;
  const auto received = receive(cluster, 1, 0, 1, got);
  ASSERT_TRUE(cluster.run_until([&] { return sent->done() && received->done(); }));
  EXPECT_EQ(got, bytes);
  cluster.expect_quiet();
}

// Sends and receives begin and are withdrawn at random moments: what is received is whole, each
// message meets one receive, and nothing is written where nobody waits any more.
TEST_P(EndpointTest, WithdrawnAtAnyMoment) {
  for (unsigned round = 0; round < 20; ++round) {
    auto some = options(2);
    some.limits.eager_bytes = 200;
    some.limits.envelopes_per_peer = 6;
    some.limits.eager_bytes_per_peer = 600;
    some.limits.unexpected_bytes = 2000;
    if (some.network.seed) *some.network.seed += round;
    Cluster cluster(some);
    std::minstd_rand random(round + 1);
    struct Sending {
      Bytes bytes;
      std::unique_ptr<SendOperation> operation;
    };
    struct Receiving {
      std::unique_ptr<Bytes> bytes;
      std::unique_ptr<RecvOperation> operation;
    };
    std::vector<Sending> sends;
    std::vector<Receiving> receives;
    std::int32_t next_tag = 0;
    for (int action = 0; action < 300; ++action) {
      switch (random() % 5) {
        case 0:
        case 1: {
          const std::size_t size = random() % 700;
          sends.push_back({pattern(size, static_cast<unsigned>(next_tag)), nullptr});
          sends.back().operation =
              send(cluster, 0, 1, next_tag++, sends.back().bytes, random() % 8 == 0);
          break;
        }
        case 2:
          receives.push_back({std::make_unique<Bytes>(), nullptr});
          receives.back().operation = receive(cluster, 1, 0, match::any, *receives.back().bytes);
          break;
        case 3:
          if (!sends.empty()) {
            const auto at = static_cast<std::ptrdiff_t>(random() % sends.size());
            sends[static_cast<std::size_t>(at)].operation.reset();
            sends.erase(sends.begin() + at);
          }
          break;
        default:
          if (!receives.empty() && random() % 3 == 0) {
            const auto at = static_cast<std::ptrdiff_t>(random() % receives.size());
            receives[static_cast<std::size_t>(at)].operation.reset();
            receives.erase(receives.begin() + at);
          }
          break;
      }
      int steps = static_cast<int>(random() % 4);
      cluster.run_until([&] { return steps-- <= 0; });
    }
    // Everything left is received.
    for (;;) {
      cluster.run_until([] { return false; });
      if (cluster.endpoint(0).idle() &&
          cluster.endpoint(1).probe({context, match::any, match::any}) == nullptr)
        break;
      receives.push_back({std::make_unique<Bytes>(), nullptr});
      receives.back().operation = receive(cluster, 1, 0, match::any, *receives.back().bytes);
      ASSERT_LT(receives.size(), 2000u) << "it does not end, round " << round;
    }
    std::int32_t last = -1;
    for (const Receiving& one : receives) {
      if (!one.operation->done()) continue;
      ASSERT_EQ(one.operation->failure(), nullptr);
      const std::int32_t tag = one.operation->envelope().tag;
      EXPECT_GT(tag, last) << "out of order";
      last = tag;
      EXPECT_TRUE(*one.bytes == pattern(one.bytes->size(), static_cast<unsigned>(tag))) << tag;
    }
  }
}

TEST_P(EndpointTest, LossEndsAllThatIsUnderWay) {
  Cluster cluster(options(3));
  const Bytes large = pattern(100'000, 1);
  Bytes into;
  const auto sent = send(cluster, 0, 1, 1, large);
  const auto received = receive(cluster, 0, 1, 2, into);
  const auto of_third = receive(cluster, 0, 2, 3, into);
  int steps = 5;
  cluster.run_until([&] { return steps-- <= 0; });
  cluster.lose(1);
  ASSERT_TRUE(cluster.run_until([&] { return sent->done() && received->done(); }));
  ASSERT_NE(sent->failure(), nullptr);
  EXPECT_EQ(sent->failure()->text, "rank 1 died");
  EXPECT_EQ(received->failure()->text, "rank 1 died");
  EXPECT_FALSE(of_third->done());
}

INSTANTIATE_TEST_SUITE_P(Network, EndpointTest, testing::Values(std::nullopt, 1u, 2u, 3u),
                         [](const testing::TestParamInfo<std::optional<std::uint32_t>>& values) {
                           return values.param ? "seed" + std::to_string(*values.param) : "plain";
                         });

}  // namespace
}  // namespace prun::p2p
