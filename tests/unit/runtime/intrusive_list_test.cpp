#include "runtime/core/intrusive_list.hpp"

#include <gtest/gtest.h>

#include <array>
#include <vector>

namespace prun::core {
namespace {

struct RedTag;
struct BlueTag;
struct Item : ListHook<RedTag>, ListHook<BlueTag> {
  explicit Item(int its_number) : number(its_number) {}
  int number;
};
using RedList = IntrusiveList<Item, RedTag>;
using BlueList = IntrusiveList<Item, BlueTag>;

std::vector<int> numbers(RedList& list) {
  std::vector<int> result;
  for (Item* item = list.front(); item != nullptr; item = list.next(*item))
    result.push_back(item->number);
  return result;
}

TEST(IntrusiveList, EmptyListHasNothing) {
  RedList list;
  EXPECT_TRUE(list.empty());
  EXPECT_EQ(list.front(), nullptr);
  EXPECT_EQ(list.pop_front(), nullptr);
}

TEST(IntrusiveList, KeepsTheOrderAndRemovesAnywhere) {
  std::array<Item, 4> items{Item(0), Item(1), Item(2), Item(3)};
  RedList list;
  for (Item& item : items) list.push_back(item);
  EXPECT_EQ(numbers(list), (std::vector{0, 1, 2, 3}));
  RedList::remove(items[1]);
  EXPECT_EQ(numbers(list), (std::vector{0, 2, 3}));
  RedList::remove(items[3]);
  RedList::remove(items[0]);
  EXPECT_EQ(numbers(list), (std::vector{2}));
  list.push_back(items[1]);
  EXPECT_EQ(numbers(list), (std::vector{2, 1}));
  EXPECT_EQ(list.pop_front(), &items[2]);
  EXPECT_EQ(list.pop_front(), &items[1]);
  EXPECT_TRUE(list.empty());
}

TEST(IntrusiveList, LinkedSaysWhetherItIsIn) {
  Item item(1);
  RedList list;
  const ListHook<RedTag>& hook = item;
  EXPECT_FALSE(hook.linked());
  list.push_back(item);
  EXPECT_TRUE(hook.linked());
  RedList::remove(item);
  EXPECT_FALSE(hook.linked());
}

TEST(IntrusiveList, ElementMayBeInAListPerTag) {
  Item first(1);
  Item second(2);
  RedList red;
  BlueList blue;
  red.push_back(first);
  red.push_back(second);
  blue.push_back(second);
  blue.push_back(first);
  EXPECT_EQ(red.front(), &first);
  EXPECT_EQ(blue.front(), &second);
  RedList::remove(first);
  EXPECT_EQ(numbers(red), (std::vector{2}));
  EXPECT_EQ(blue.next(second), &first) << "the other list is as it was";
}

TEST(IntrusiveList, ReplaceKeepsThePlace) {
  std::array<Item, 4> items{Item(0), Item(1), Item(2), Item(3)};
  for (std::size_t at = 0; at < 3; ++at) {
    RedList list;
    for (std::size_t i = 0; i < 3; ++i) list.push_back(items[i]);
    RedList::replace(items[at], items[3]);
    std::vector expected{0, 1, 2};
    expected[at] = 3;
    EXPECT_EQ(numbers(list), expected);
    EXPECT_FALSE(static_cast<ListHook<RedTag>&>(items[at]).linked());
  }
}

TEST(IntrusiveList, ListThatEndsLetsItsElementsGo) {
  Item item(1);
  {
    RedList list;
    list.push_back(item);
  }
  EXPECT_FALSE(static_cast<ListHook<RedTag>&>(item).linked());
}

TEST(IntrusiveListDeathTest, MisuseIsOurBug) {
  EXPECT_DEATH(
      {
        RedList list;
        Item item(1);
        list.push_back(item);
        list.push_back(item);
      },
      "linked");
  EXPECT_DEATH(
      {
        Item item(1);
        RedList::remove(item);
      },
      "linked");
}

}  // namespace
}  // namespace prun::core
