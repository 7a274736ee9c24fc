#include "launcher/job/file_chains.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace prun::job {
namespace {

using ::testing::ElementsAre;

std::vector<std::vector<std::uint32_t>> hosts_of(const std::vector<std::vector<FileWish>>& chains) {
  std::vector<std::vector<std::uint32_t>> hosts;
  for (const auto& chain : chains) {
    hosts.emplace_back();
    for (const auto& wish : chain) hosts.back().push_back(wish.host);
  }
  return hosts;
}

TEST(FileChains, HoldHostsThatWantTheSameInTheirOrder) {
  EXPECT_THAT(hosts_of(chains_of({{3, {0, 1}, 50}, {1, {0, 1}, 51}, {2, {0, 1}, 52}})),
              ElementsAre(ElementsAre(3, 1, 2)));
  EXPECT_THAT(hosts_of(chains_of({{0, {0}, 50}, {1, {1}, 51}, {2, {0}, 52}, {3, {0, 1}, 53}})),
              ElementsAre(ElementsAre(0, 2), ElementsAre(1), ElementsAre(3)));
  EXPECT_TRUE(chains_of({}).empty());
}

TEST(FileChains, BeginWithHostsThatTakeNothingFromOthers) {
  EXPECT_THAT(hosts_of(chains_of({{0, {0}, 50}, {1, {0}, 0}, {2, {0}, 52}})),
              ElementsAre(ElementsAre(1, 0, 2)));
  // Only one can be the first.
  EXPECT_THAT(hosts_of(chains_of({{0, {0}, 0}, {1, {0}, 0}, {2, {0}, 52}})),
              ElementsAre(ElementsAre(0, 2), ElementsAre(1)));
}

TEST(FileChains, AreCutWhereALinkBreaks) {
  FileChains chains;
  chains.add({{3, {0}, 50}, {1, {0}, 51}, {2, {0}, 52}});
  EXPECT_EQ(chains.next_of(3), 1U);
  EXPECT_EQ(chains.next_of(1), 2U);
  EXPECT_EQ(chains.next_of(2), std::nullopt);
  EXPECT_EQ(chains.cut_behind(3), 1U);
  EXPECT_EQ(chains.cut_behind(3), std::nullopt);
  // Those behind are fed as before.
  EXPECT_EQ(chains.next_of(1), 2U);
  chains.cut_before(2);
  EXPECT_EQ(chains.next_of(1), std::nullopt);
}

}  // namespace
}  // namespace prun::job
