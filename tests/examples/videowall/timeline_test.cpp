#include "examples/videowall/timeline.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <limits>
#include <stdexcept>
#include <string>

#include "examples/videowall/command.hpp"
#include "examples/videowall/programme.hpp"
#include "examples/videowall/words.hpp"

namespace wall {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

const Time start(seconds(1000));

Programme three_films() {
  return Programme({Seconds(10), Seconds(20), Seconds(5)}, 3);
}

TEST(VideowallProgramme, EveryPlaceIsInOneFilm) {
  const Programme programme = three_films();
  EXPECT_DOUBLE_EQ(programme.length().count(), 105);
  const auto expect_place = [&](double position, std::uint64_t round, std::size_t film, double in) {
    const Programme::Place place = programme.at(Seconds(position));
    EXPECT_EQ(place.round, round) << position;
    EXPECT_EQ(place.film, film) << position;
    EXPECT_NEAR(place.position.count(), in, 1e-9) << position;
  };
  expect_place(-1, 0, 0, 0);
  expect_place(0, 0, 0, 0);
  expect_place(9.9, 0, 0, 9.9);
  expect_place(10, 0, 1, 0);
  expect_place(34.5, 0, 2, 4.5);
  expect_place(35, 1, 0, 0);
  expect_place(104, 2, 2, 4);
  expect_place(105, 2, 2, 5);
  expect_place(1e9, 2, 2, 5);
}

TEST(VideowallProgramme, NextIsTheNextFilmOrRound) {
  const Programme programme = three_films();
  EXPECT_DOUBLE_EQ(programme.start_of_next(Seconds(3)).count(), 10);
  EXPECT_DOUBLE_EQ(programme.start_of_next(Seconds(10)).count(), 30);
  EXPECT_DOUBLE_EQ(programme.start_of_next(Seconds(34)).count(), 35);
  EXPECT_DOUBLE_EQ(programme.start_of_next(Seconds(104)).count(), 105);
}

TEST(VideowallProgramme, NothingToPlayIsRefused) {
  EXPECT_THROW(Programme({}, 1), std::invalid_argument);
  EXPECT_THROW(Programme({Seconds(1)}, 0), std::invalid_argument);
  EXPECT_THROW(Programme({Seconds(1), Seconds(0)}, 1), std::invalid_argument);
  EXPECT_THROW(Programme({Seconds(std::numeric_limits<double>::infinity())}, 1),
               std::invalid_argument);
}

TEST(VideowallTimeline, ACueHoldsFromItsTimeOn) {
  Timeline timeline;
  EXPECT_FALSE(timeline.at(start).playing);
  timeline.add(make_cue(1, start, Seconds(0), true));
  EXPECT_FALSE(timeline.at(start - milliseconds(1)).playing);
  EXPECT_NEAR(timeline.at(start + milliseconds(2500)).position.count(), 2.5, 1e-9);
  // Told in advance: a pause at 10 s.
  timeline.add(make_cue(2, start + seconds(10), Seconds(10), false));
  EXPECT_NEAR(timeline.at(start + seconds(9)).position.count(), 9, 1e-9);
  EXPECT_TRUE(timeline.at(start + seconds(9)).playing);
  EXPECT_FALSE(timeline.at(start + seconds(99)).playing);
  EXPECT_DOUBLE_EQ(timeline.at(start + seconds(99)).position.count(), 10);
}

TEST(VideowallTimeline, OldCuesAreIgnored) {
  Timeline timeline;
  timeline.add(make_cue(2, start, Seconds(50), true));
  timeline.add(make_cue(1, start, Seconds(0), false));
  timeline.add(make_cue(2, start, Seconds(0), false));
  EXPECT_DOUBLE_EQ(timeline.at(start).position.count(), 50);
}

TEST(VideowallTimeline, AResumeWhereItStandsChangesSomethingAContinuationNothing) {
  Timeline timeline;
  timeline.add(make_cue(1, start, Seconds(0), true));
  EXPECT_FALSE(timeline.newest_changes_nothing());
  timeline.add(make_cue(2, start + seconds(5), Seconds(5), true));
  EXPECT_TRUE(timeline.newest_changes_nothing());
  timeline.add(make_cue(3, start + seconds(6), Seconds(6), false));
  EXPECT_FALSE(timeline.newest_changes_nothing());
}

TEST(VideowallCommand, WhatCanBeTyped) {
  using Kind = Command::Kind;
  EXPECT_EQ(parse_command("pause").kind, Kind::pause);
  EXPECT_EQ(parse_command("  play\r").kind, Kind::play);
  EXPECT_EQ(parse_command("").kind, Kind::toggle);
  EXPECT_EQ(parse_command("next").kind, Kind::next);
  EXPECT_EQ(parse_command("stop").kind, Kind::stop);
  EXPECT_DOUBLE_EQ(parse_command("seek 1:30").seconds.count(), 90);
  EXPECT_EQ(parse_command("seek 1:30").kind, Kind::seek);
  EXPECT_DOUBLE_EQ(parse_command("seek  -2.5").seconds.count(), -2.5);
  EXPECT_EQ(parse_command("seek +10").kind, Kind::seek_by);
  for (const char* bad :
       {"start", "seek", "seek x", "seek 1:2:3:4", "seek +-1", "pause now", "seek -"}) {
    EXPECT_THROW(parse_command(bad), std::invalid_argument) << bad;
  }
}

TEST(VideowallCommand, CuesAreInTheFuture) {
  const Programme programme = three_films();
  Timeline timeline;
  timeline.add(make_cue(1, start, Seconds(0), true));
  const Time soon = start + seconds(4);
  const Time later = start + seconds(5);
  const auto cue = [&](const char* line) {
    return cue_for(parse_command(line), timeline, programme, soon, later);
  };
  ASSERT_TRUE(cue("pause"));
  EXPECT_EQ(cue("pause")->number, 2U);
  EXPECT_EQ(time_of(*cue("pause")), soon);
  EXPECT_NEAR(cue("pause")->position, 4, 1e-9);
  EXPECT_EQ(cue("pause")->playing, 0U);
  EXPECT_FALSE(cue("play"));
  EXPECT_FALSE(cue("stop"));
  EXPECT_EQ(time_of(*cue("seek 60")), later);
  EXPECT_NEAR(cue("seek 60")->position, 60, 1e-9);
  EXPECT_NEAR(cue("seek 999")->position, 105, 1e-9);
  EXPECT_NEAR(cue("seek -10")->position, 0, 1e-9);
  EXPECT_NEAR(cue("seek +10")->position, 14, 1e-9);
  EXPECT_NEAR(cue("next")->position, 10, 1e-9);
  EXPECT_EQ(cue("next")->playing, 1U);

  timeline.add(*cue("pause"));
  EXPECT_FALSE(cue("pause"));
  EXPECT_EQ(cue("")->playing, 1U);
  EXPECT_EQ(cue("next")->playing, 0U) << "a wall that stands still stands still elsewhere";
}

TEST(VideowallWords, Times) {
  EXPECT_DOUBLE_EQ(parse_duration("90"), 90);
  EXPECT_DOUBLE_EQ(parse_duration("1:02:03.5"), 3723.5);
  EXPECT_EQ(duration_text(3723.46), "1:02:03.5");
  EXPECT_EQ(duration_text(59.96), "1:00.0");
  for (const char* bad : {"", ":", "1:", "-1", "1e999", "nan", "1:2:3:4", "ten"}) {
    EXPECT_THROW(parse_duration(bad), std::invalid_argument) << bad;
  }
}

}  // namespace
}  // namespace wall
