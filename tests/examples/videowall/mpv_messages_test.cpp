#include "examples/videowall/mpv_messages.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "examples/videowall/mpv_player.hpp"
#include "examples/videowall/options.hpp"
#include "examples/videowall/skew_log.hpp"
#include "examples/videowall/status_lines.hpp"

namespace wall {
namespace {

using testing::Contains;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

TEST(VideowallMpv, CommandsAreLinesOfJson) {
  const std::string line = encode_command(7, {"seek", 2.5, "absolute+exact"});
  EXPECT_EQ(
      nlohmann::json::parse(line),
      nlohmann::json::parse(R"({"command": ["seek", 2.5, "absolute+exact"], "request_id": 7})"));
  EXPECT_THAT(line, EndsWith("\n"));
  EXPECT_NO_THROW(encode_command(1, {"loadfile", "\xff\xfe.mp4"}));
}

TEST(VideowallMpv, AnswersAndEvents) {
  const auto answer = parse_message(R"({"data":12.5,"request_id":3,"error":"success"})");
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->answers, 3);
  EXPECT_EQ(answer->error, "success");
  EXPECT_DOUBLE_EQ(answer->data.get<double>(), 12.5);
  const auto change =
      parse_message(R"({"event":"property-change","id":1,"name":"time-pos","data":1.04})");
  ASSERT_TRUE(change);
  EXPECT_EQ(change->answers, 0);
  EXPECT_EQ(change->property, "time-pos");
  const auto end = parse_message(R"({"event":"end-file","reason":"error","file_error":"no"})");
  ASSERT_TRUE(end);
  EXPECT_EQ(end->reason, "error");
}

TEST(VideowallMpv, WhatIsNoMessageIsIgnored) {
  for (const char* line : {"", "{", "[]", "3", "null", "{}", R"({"request_id":1})",
                           R"({"error":"success"})", R"({"request_id":"1","error":"success"})",
                           R"({"event":7})", R"({"request_id":1.5,"error":"success"})"}) {
    EXPECT_FALSE(parse_message(line)) << line;
  }
}

TEST(VideowallMpv, LinesComeInPieces) {
  LineBuffer lines;
  lines.add("{\"a\"");
  EXPECT_FALSE(lines.next());
  lines.add(":1}\n\n{\"b");
  EXPECT_EQ(lines.next(), "{\"a\":1}");
  EXPECT_EQ(lines.next(), "");
  EXPECT_FALSE(lines.next());
  lines.add(std::string(2 * LineBuffer::longest, 'x'));
  EXPECT_FALSE(lines.next());
  lines.add("the rest of it\nshort\n");
  EXPECT_EQ(lines.next(), "short");
  EXPECT_FALSE(lines.next());
}

TEST(VideowallMpv, AReelIsOneFilmToIt) {
  const Reel reel{{{"/films/a;b.mp4", Seconds(2.5)}, {"rtsp://rpi1/x", Seconds(10)}}, 2, false};
  EXPECT_EQ(
      edl_of(reel),
      "edl://%14%/films/a;b.mp4,start=0,length=2.500000;%13%rtsp://rpi1/x,start=0,length=10.000000;"
      "%14%/films/a;b.mp4,start=0,length=2.500000;%13%rtsp://rpi1/x,start=0,length=10.000000;");
  EXPECT_THAT(edl_of({{{"a.mp4", Seconds(1)}}, 1, false}), HasSubstr("%/")) << "absolute";
}

TEST(VideowallMpv, TheTileIsCutFromTheFilm) {
  View view{{0.5, 0, 0.25, 1}, 2, 0};
  EXPECT_EQ(
      crop_of(view),
      "lavfi=[crop=w='iw*min(1,(2.000000)/dar)*0.250000':h='ih*min(1,dar/(2.000000))*1.000000':"
      "x='iw*((1-min(1,(2.000000)/dar))/2+min(1,(2.000000)/dar)*0.500000)':"
      "y='ih*((1-min(1,dar/(2.000000)))/2+min(1,dar/(2.000000))*0.000000)':exact=1]");
  view.wall_aspect = 0;
  EXPECT_EQ(crop_of(view), "");
}

TEST(VideowallMpv, CommandLine) {
  const auto command = mpv_command({{"mpv", "--vo=x11"}, "HDMI-A-2", false}, 9);
  EXPECT_EQ(command.front(), "mpv");
  EXPECT_EQ(command.back(), "--vo=x11") << "the user's options count";
  EXPECT_THAT(command, Contains("--input-ipc-client=fd://9"));
  EXPECT_THAT(command, Contains("--drm-connector=HDMI-A-2"));
  EXPECT_THAT(command, Contains("--audio=no"));
  const auto heard = mpv_command({{"mpv"}, ":0.1", true}, 9);
  EXPECT_THAT(heard, Not(Contains("--audio=no")));
  EXPECT_THAT(heard, Not(Contains(StartsWith("--drm-connector"))));
}

TEST(VideowallOptions, TimeOfDay) {
  EXPECT_DOUBLE_EQ(seconds_until("20:15", 20 * 3600), 900);
  EXPECT_DOUBLE_EQ(seconds_until("20:15:30", 20 * 3600), 930);
  EXPECT_DOUBLE_EQ(seconds_until("00:10", 23 * 3600 + 3000), 1200) << "tomorrow";
  for (const char* bad : {"", "20", "24:00", "20:15:", "x:y", "1:2:3:4"}) {
    EXPECT_THROW(seconds_until(bad, 0), std::invalid_argument) << bad;
  }
}

TEST(VideowallOptions, WhatDoesNotGoTogether) {
  const auto refused = [](const Options& options) {
    try {
      check_together(options);
    } catch (const std::invalid_argument&) {
      return true;
    }
    return false;
  };
  Options options;
  EXPECT_TRUE(refused(options)) << "no film";
  options.films = {"film.mp4"};
  EXPECT_FALSE(refused(options));
  options.grid = "2x2";
  options.bezel = "20x20";
  EXPECT_FALSE(refused(options));
  options.layout = "wall.toml";
  EXPECT_TRUE(refused(options));
  options = {};
  options.files = "screen%r.mp4";
  EXPECT_FALSE(refused(options));
  options.grid = "2x2";
  EXPECT_TRUE(refused(options));
  options = {};
  options.files = "screen%r.mp4";
  options.films = {"film.mp4"};
  EXPECT_TRUE(refused(options));
}

TEST(VideowallStatus, Lines) {
  Sample sample{};
  sample.error_ms = -3.25F;
  sample.speed = 1.003F;
  sample.dropped_frames = 2;
  sample.clock_error_us = 140;
  sample.playing = 1;
  EXPECT_EQ(status_line(3, {"rpi4", "playing", sample}),
            "  3 rpi4             -3.2 ms  speed 1.0030  2 dropped  clock within 140 us");
  sample.playing = 0;
  EXPECT_EQ(status_line(3, {"rpi4", "lost", sample}), "  3 rpi4         lost");
  EXPECT_EQ(place_line(Programme({Seconds(10), Seconds(20)}, 3), Seconds(45.26)),
            "round 2 of 3, film 2 of 2, 0:05.3 of 0:20.0");
}

TEST(VideowallReport, EachScreenIsACurve) {
  const std::string script = gnuplot_script("it's.csv", "skew.svg", {"rpi1", "rpi2"});
  EXPECT_THAT(script, HasSubstr("set terminal svg"));
  EXPECT_THAT(script, HasSubstr("'it''s.csv' using 1:($2==1?$5:1/0)"));
  EXPECT_THAT(script, HasSubstr("title '1 rpi2'"));
  EXPECT_THAT(gnuplot_script("a.csv", "a.png", {"rpi1"}), HasSubstr("pngcairo"));
}

}  // namespace
}  // namespace wall
