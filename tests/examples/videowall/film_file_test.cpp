#include "examples/videowall/film_file.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <string>

namespace wall {
namespace {

namespace fs = std::filesystem;

// A host's cache of films.
class VideowallKeptFilm : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "videowall.XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    folder_ = name;
    setenv("XDG_CACHE_HOME", name.c_str(), 1);
  }
  void TearDown() override {
    unsetenv("XDG_CACHE_HOME");
    fs::remove_all(folder_);
  }

  bool nothing_is_there() const { return fs::is_empty(folder_ / "videowall"); }

  const std::string first_half_ = std::string(1000, 'a');
  const std::string second_half_ = std::string(500, 'b');
  const FilmVersion version_{1500, 1234567};

 private:
  fs::path folder_;
};

TEST_F(VideowallKeptFilm, IsThereWhenAllOfItIs) {
  IncomingFilm film("film.mp4", version_, 1);
  film.add(first_half_);
  EXPECT_EQ(version_of(kept_film("film.mp4")).bytes, -1);
  film.add(second_half_);
  film.finish();
  EXPECT_EQ(version_of(kept_film("film.mp4")), version_);
}

TEST_F(VideowallKeptFilm, LeavesNothingWhenItsSenderIsLost) {
  { IncomingFilm(std::string("film.mp4"), version_, 1).add(first_half_); }
  EXPECT_TRUE(nothing_is_there());
}

TEST_F(VideowallKeptFilm, StaysWhenItsSenderIsLostTheNextTime) {
  {
    IncomingFilm film("film.mp4", version_, 1);
    film.add(first_half_ + second_half_);
    film.finish();
  }
  { IncomingFilm(std::string("film.mp4"), {9999, 99}, 1).add(first_half_); }
  EXPECT_EQ(version_of(kept_film("film.mp4")), version_);
}

TEST_F(VideowallKeptFilm, TwoRanksOfAHostWriteItAtTheSameTime) {
  IncomingFilm one("film.mp4", version_, 1);
  one.add(first_half_);
  IncomingFilm other("film.mp4", version_, 2);
  one.add(second_half_);
  one.finish();
  EXPECT_EQ(version_of(kept_film("film.mp4")), version_);
  other.add(first_half_);
  other.add(second_half_);
  other.finish();
  EXPECT_EQ(version_of(kept_film("film.mp4")), version_);
}

}  // namespace
}  // namespace wall
