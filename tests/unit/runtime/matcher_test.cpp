#include "runtime/match/matcher.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace prun::match {
namespace {

constexpr std::uint32_t here = 3;
constexpr std::uint32_t elsewhere = 4;

struct Receive : Posted {
  explicit Receive(std::int32_t source, std::int32_t tag, std::uint32_t context = here) {
    pattern = {context, source, tag};
  }
};

struct Message : Unexpected {
  explicit Message(std::int32_t source, std::int32_t tag, std::uint32_t context = here) {
    label = {context, source, tag};
  }
};

TEST(Matcher, NothingPostedNothingTaken) {
  Matcher matcher;
  EXPECT_EQ(matcher.take_posted({here, 0, 0}), nullptr);
  EXPECT_EQ(matcher.find({here, any, any}), nullptr);
}

TEST(Matcher, ReceivesOfOnePatternAreTakenInTheOrderPosted) {
  Matcher matcher;
  Receive first(1, 5);
  Receive second(1, 5);
  matcher.post(first);
  matcher.post(second);
  EXPECT_EQ(matcher.take_posted({here, 1, 5}), &first);
  EXPECT_FALSE(first.posted());
  EXPECT_EQ(matcher.take_posted({here, 1, 5}), &second);
  EXPECT_EQ(matcher.take_posted({here, 1, 5}), nullptr);
}

TEST(Matcher, ContextSourceAndTagMustAllFit) {
  Matcher matcher;
  Receive receive(1, 5);
  matcher.post(receive);
  EXPECT_EQ(matcher.take_posted({elsewhere, 1, 5}), nullptr);
  EXPECT_EQ(matcher.take_posted({here, 2, 5}), nullptr);
  EXPECT_EQ(matcher.take_posted({here, 1, 6}), nullptr);
  EXPECT_EQ(matcher.take_posted({here, 1, 5}), &receive);
}

TEST(Matcher, WildcardsTakeWhatTheyLeaveOpenAndNoMore) {
  Matcher matcher;
  Receive any_tag(1, any);
  Receive any_source(any, 5);
  matcher.post(any_tag);
  matcher.post(any_source);
  EXPECT_EQ(matcher.take_posted({here, 2, 6}), nullptr);
  EXPECT_EQ(matcher.take_posted({here, 2, 5}), &any_source);
  EXPECT_EQ(matcher.take_posted({here, 1, 99}), &any_tag);

  Receive anything(any, any);
  matcher.post(anything);
  EXPECT_EQ(matcher.take_posted({elsewhere, 1, 5}), nullptr) << "a context is never left open";
  EXPECT_EQ(matcher.take_posted({here, 7, 7}), &anything);
}

TEST(Matcher, OrderHoldsBetweenNamedAndAnySource) {
  Matcher matcher;
  Receive named_first(1, 5);
  Receive open_second(any, 5);
  matcher.post(named_first);
  matcher.post(open_second);
  EXPECT_EQ(matcher.take_posted({here, 1, 5}), &named_first);
  EXPECT_EQ(matcher.take_posted({here, 1, 5}), &open_second);

  Receive open_first(any, any);
  Receive named_second(1, 5);
  matcher.post(open_first);
  matcher.post(named_second);
  EXPECT_EQ(matcher.take_posted({here, 1, 5}), &open_first);
  EXPECT_EQ(matcher.take_posted({here, 1, 5}), &named_second);
}

TEST(Matcher, ReceiveOfAnotherTagDoesNotStandInTheWay) {
  Matcher matcher;
  Receive other(1, 4);
  Receive other_open(any, 4);
  Receive wanted(1, 5);
  matcher.post(other);
  matcher.post(other_open);
  matcher.post(wanted);
  EXPECT_EQ(matcher.take_posted({here, 1, 5}), &wanted);
  matcher.remove(other);
  matcher.remove(other_open);
}

TEST(Matcher, RemovedReceiveIsNotTaken) {
  Matcher matcher;
  Receive first(1, 5);
  Receive second(1, 5);
  matcher.post(first);
  matcher.post(second);
  matcher.remove(first);
  EXPECT_FALSE(first.posted());
  EXPECT_EQ(matcher.take_posted({here, 1, 5}), &second);
}

TEST(Matcher, MessagesOfOneSourceAreFoundInTheOrderTheyArrived) {
  Matcher matcher;
  Message first(1, 5);
  Message second(1, 6);
  Message third(1, 5);
  for (Message* message : {&first, &second, &third}) matcher.add(*message);
  EXPECT_EQ(matcher.find({here, 1, 5}), &first);
  EXPECT_EQ(matcher.find({here, 1, 5}), &first) << "finding leaves it where it is";
  EXPECT_TRUE(first.waiting());
  EXPECT_EQ(matcher.find({here, 1, 6}), &second);
  EXPECT_EQ(matcher.find({here, 1, any}), &first);
  matcher.remove(first);
  EXPECT_FALSE(first.waiting());
  EXPECT_EQ(matcher.find({here, 1, 5}), &third);
  EXPECT_EQ(matcher.find({here, 1, any}), &second);
  matcher.remove(second);
  matcher.remove(third);
}

TEST(Matcher, AnySourceTakesWhatArrivedFirstOfWhomever) {
  Matcher matcher;
  Message from_nine(9, 5);
  Message from_one(1, 5);
  Message of_another_context(0, 5, elsewhere);
  matcher.add(of_another_context);
  matcher.add(from_nine);
  matcher.add(from_one);
  EXPECT_EQ(matcher.find({here, any, 5}), &from_nine);
  EXPECT_EQ(matcher.find({here, any, any}), &from_nine);
  EXPECT_EQ(matcher.find({here, any, 6}), nullptr);
  EXPECT_EQ(matcher.find({here, 1, any}), &from_one);
  EXPECT_EQ(matcher.find({here, 2, any}), nullptr);
  matcher.remove(from_nine);
  EXPECT_EQ(matcher.find({here, any, any}), &from_one);
  matcher.remove(from_one);
  matcher.remove(of_another_context);
}

TEST(Matcher, SomebodyWaitsForASource) {
  Matcher matcher;
  EXPECT_FALSE(matcher.anyone_waits_for(1));
  Receive named(1, 5);
  matcher.post(named);
  EXPECT_TRUE(matcher.anyone_waits_for(1));
  EXPECT_FALSE(matcher.anyone_waits_for(2));
  matcher.remove(named);
  EXPECT_FALSE(matcher.anyone_waits_for(1));
  Receive open(any, 5, elsewhere);
  matcher.post(open);
  EXPECT_TRUE(matcher.anyone_waits_for(1));
  EXPECT_TRUE(matcher.anyone_waits_for(2));
  matcher.remove(open);
  EXPECT_FALSE(matcher.anyone_waits_for(2));
}

TEST(Matcher, ErasedContextHandsItsMessagesOverInOrder) {
  Matcher matcher;
  Message first(1, 5);
  Message second(2, 6);
  Message kept(1, 5, elsewhere);
  for (Message* message : {&first, &second, &kept}) matcher.add(*message);
  std::vector<Unexpected*> dropped;
  matcher.erase_context(here, [&dropped](Unexpected& message) {
    EXPECT_FALSE(message.waiting());
    dropped.push_back(&message);
  });
  EXPECT_EQ(dropped, (std::vector<Unexpected*>{&first, &second}));
  EXPECT_EQ(matcher.find({here, any, any}), nullptr);
  EXPECT_EQ(matcher.find({elsewhere, 1, 5}), &kept);
  matcher.erase_context(here, [](Unexpected&) { FAIL() << "nothing is left"; });
  matcher.remove(kept);
}

TEST(Matcher, VisitorSeesEachOnceAndMayRemoveIt) {
  Matcher matcher;
  Receive one(1, 5);
  Receive two(any, 5);
  Receive three(2, any, elsewhere);
  for (Receive* receive : {&one, &two, &three}) matcher.post(*receive);
  int seen = 0;
  matcher.each_posted([&](Posted& receive) {
    ++seen;
    matcher.remove(receive);
  });
  EXPECT_EQ(seen, 3);
  matcher.each_posted([](Posted&) { FAIL() << "all were removed"; });

  Message first(1, 5);
  Message second(1, 5);
  matcher.add(first);
  matcher.add(second);
  seen = 0;
  matcher.each_unexpected([&](Unexpected& message) {
    ++seen;
    matcher.remove(message);
  });
  EXPECT_EQ(seen, 2);
}

}  // namespace
}  // namespace prun::match
