#include "launcher/system/processors.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "launcher/agent/host_facts.hpp"

namespace prun::system {
namespace {

using testing::ElementsAre;

TEST(Processors, ListsOfTheKernel) {
  EXPECT_THAT(*parse_processor_list("0"), ElementsAre(0));
  EXPECT_THAT(*parse_processor_list("0-3,8"), ElementsAre(0, 1, 2, 3, 8));
  EXPECT_THAT(*parse_processor_list("1,5-6"), ElementsAre(1, 5, 6));
}

TEST(Processors, AnythingElseIsNoList) {
  for (const auto* text : {"", "-1", "a", "1,", "3-1", "1-", "1 2", "0-99999999", "1,,2"})
    EXPECT_FALSE(parse_processor_list(text).has_value()) << text;
}

TEST(Processors, EachUsableOneBelongsToOneCore) {
  std::set<int> seen;
  std::size_t count = 0;
  for (const auto& core : processors_by_core()) {
    EXPECT_FALSE(core.empty());
    seen.insert(core.begin(), core.end());
    count += core.size();
  }
  EXPECT_EQ(seen.size(), count);
  EXPECT_EQ(count, agent::usable_cores());
}

}  // namespace
}  // namespace prun::system
