#include "examples/videowall/layout.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

#include "examples/videowall/film_delivery.hpp"
#include "examples/videowall/film_file.hpp"
#include "examples/videowall/layout_file.hpp"

namespace wall {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string refusal_of(const std::string& text) {
  try {
    parse_layout(text, "wall.toml");
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "taken";
}

void expect_tile(const View& view, double x, double y, double width, double height) {
  EXPECT_NEAR(view.tile.x, x, 1e-9);
  EXPECT_NEAR(view.tile.y, y, 1e-9);
  EXPECT_NEAR(view.tile.width, width, 1e-9);
  EXPECT_NEAR(view.tile.height, height, 1e-9);
}

TEST(VideowallLayout, GridIsDealtRowByRow) {
  const Layout wall = grid_layout({2, 2}, {16, 9}, {});
  ASSERT_EQ(wall.screens.size(), 4U);
  expect_tile(view_of(wall, 0), 0, 0, 0.5, 0.5);
  expect_tile(view_of(wall, 1), 0.5, 0, 0.5, 0.5);
  expect_tile(view_of(wall, 2), 0, 0.5, 0.5, 0.5);
  EXPECT_NEAR(view_of(wall, 3).wall_aspect, 16.0 / 9, 1e-9);
}

TEST(VideowallLayout, WhatLiesBehindBezelsIsNotShown) {
  const Layout wall = grid_layout({2, 1}, {400, 300}, {200, 50});
  expect_tile(view_of(wall, 0), 0, 0, 0.4, 1);
  expect_tile(view_of(wall, 1), 0.6, 0, 0.4, 1);
  EXPECT_NEAR(view_of(wall, 1).wall_aspect, 1000.0 / 300, 1e-9);
}

TEST(VideowallLayout, UsualGridIsNearlySquare) {
  const auto grid = [](std::size_t screens) {
    const Size size = usual_grid(screens);
    return std::vector<double>{size.width, size.height};
  };
  EXPECT_THAT(grid(1), ElementsAre(1, 1));
  EXPECT_THAT(grid(3), ElementsAre(3, 1));
  EXPECT_THAT(grid(4), ElementsAre(2, 2));
  EXPECT_THAT(grid(6), ElementsAre(3, 2));
  EXPECT_THAT(grid(12), ElementsAre(4, 3));
}

TEST(VideowallLayout, SizesAreTwoNumbers) {
  EXPECT_DOUBLE_EQ(parse_size("510x286.5").height, 286.5);
  EXPECT_DOUBLE_EQ(parse_size("0x12", true).width, 0);
  for (const char* bad :
       {"", "2", "x", "2x", "x2", "2x2x2", "0x2", "-1x2", "nanx2", "infx1", "2 x 2"}) {
    EXPECT_THROW(parse_size(bad), std::invalid_argument) << bad;
  }
  EXPECT_THROW(grid_layout({1.5, 2}, {1, 1}, {}), std::invalid_argument);
  EXPECT_THROW(grid_layout({1e9, 2}, {1, 1}, {}), std::invalid_argument);
}

TEST(VideowallLayout, FileIsReadWholly) {
  const Layout wall = parse_layout(R"(
# two screens, the second on its side
[[screen]]
host = "rpi1"
position = [0, 0]
size = [510, 287]

[[screen]]
host = "rpi2"
position = [530, -100.5]
size = [287, 510]
rotation = 90
output = "HDMI-A-2"
)",
                                   "wall.toml");
  ASSERT_EQ(wall.screens.size(), 2U);
  EXPECT_EQ(wall.screens[1].host, "rpi2");
  EXPECT_EQ(wall.screens[1].rotation, 90);
  EXPECT_EQ(wall.screens[1].output, "HDMI-A-2");
  EXPECT_DOUBLE_EQ(wall.bounds().y, -100.5);
  EXPECT_DOUBLE_EQ(wall.bounds().width, 817);
  EXPECT_DOUBLE_EQ(wall.bounds().height, 510);
  expect_tile(view_of(wall, 0), 0, 100.5 / 510, 510.0 / 817, 287.0 / 510);
}

TEST(VideowallLayout, FaultsNameFileAndLine) {
  const std::string start = "[[screen]]\nposition = [0, 0]\n";
  EXPECT_THAT(refusal_of(""), HasSubstr("wall.toml: there is no [[screen]]"));
  EXPECT_THAT(refusal_of("[[screen]\n"), HasSubstr("wall.toml:1: "));
  EXPECT_THAT(refusal_of(start), HasSubstr("needs its size"));
  EXPECT_THAT(refusal_of(start + "size = [0, 5]\n"), HasSubstr("above 0"));
  EXPECT_THAT(refusal_of(start + "size = [5]\n"), HasSubstr("needs its size"));
  EXPECT_THAT(refusal_of(start + "size = [inf, 5]\n"), HasSubstr("needs its size"));
  EXPECT_THAT(refusal_of(start + "size = [5, 5]\nrotation = 45\n"),
              HasSubstr("wall.toml:4: rotation is 0, 90, 180 or 270"));
  EXPECT_THAT(refusal_of(start + "size = [5, 5]\nhosts = 'rpi1'\n"), HasSubstr("no 'hosts'"));
  EXPECT_THAT(refusal_of(start + "size = [5, 5]\nhost = 1\n"), HasSubstr("host is a text"));
  EXPECT_THAT(refusal_of("screen = 3\n"), HasSubstr("no [[screen]]"));
  EXPECT_THAT(refusal_of("screens = 3\n"), HasSubstr("only [[screen]]"));
}

TEST(VideowallLayout, RanksHaveTheScreensOfTheirHosts) {
  Layout wall = grid_layout({3, 1}, {16, 9}, {});
  EXPECT_THAT(deal_screens(wall, {"a", "b"}), ElementsAre(0, 1));
  wall.screens[0].host = "b";
  wall.screens[1].host = "a";
  wall.screens[2].host = "b";
  EXPECT_THAT(deal_screens(wall, {"a", "b", "b"}), ElementsAre(1, 0, 2));
  try {
    deal_screens(wall, {"a", "c"});
    ADD_FAILURE() << "there is no screen of c";
  } catch (const std::invalid_argument& error) {
    EXPECT_THAT(error.what(), HasSubstr("rank 1 on c"));
  }
}

TEST(VideowallDelivery, OneCopyGoesToEachHostThatLacksIt) {
  const std::vector<std::string> hosts{"a", "a", "b", "b", "c"};
  const std::vector<bool> all(5, true);
  EXPECT_THAT(receivers_of({1, 1, 0, 0, 0}, all, hosts), ElementsAre(2, 4));
  EXPECT_THAT(receivers_of({0, 0, 0, 0, 1}, all, hosts), ElementsAre(0, 2));
  EXPECT_THAT(receivers_of({1, 1, 0, 0, 0}, {true, false, false, true, false}, hosts),
              ElementsAre(3));
  EXPECT_THAT(receivers_of({1, 1, 1, 1, 1}, all, hosts), ElementsAre());
}

TEST(VideowallDelivery, FilmsOfOneNameAreKeptApart) {
  EXPECT_NE(kept_film("a/film.mp4"), kept_film("b/film.mp4"));
}

}  // namespace
}  // namespace wall
