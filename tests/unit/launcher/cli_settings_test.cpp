#include "launcher/cli/settings.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "launcher/cli/command_line.hpp"

namespace prun::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

using Words = std::vector<std::string>;

Words shown(const core::Result<std::vector<Setting>>& settings) {
  EXPECT_TRUE(settings.ok()) << (settings.ok() ? "" : settings.failure().text);
  Words words;
  if (!settings) return words;
  for (const auto& setting : settings.value())
    words.push_back(setting.option + "|" + setting.value + "|" + setting.source);
  return words;
}

TEST(Settings, LinesOfAFile) {
  EXPECT_THAT(
      shown(parse_settings("# mine\n\nhosts = rpi1,rpi2\r\n  --label\nn=4\nssh-args = \"-p 2 \"\n"
                           "x = A=1 2\nquiet = no\nverbose = yes\npernode",
                           "f")),
      ElementsAre("--hosts|rpi1,rpi2|f:3", "--label||f:4", "--ranks|4|f:5", "--ssh-args|-p 2 |f:6",
                  "--variable-of-all|A=1 2|f:7", "--verbose||f:9", "--per-host|1|f:10"));
}

TEST(Settings, MistakesCarryTheirLine) {
  const auto refusal = [](std::string_view text) {
    return parse_settings(text, "f").failure().text;
  };
  EXPECT_EQ(refusal("label\nhostz = a\n"),
            "f:2: unknown option '--hostz=a'; did you mean --host? `prun --help` lists them all");
  EXPECT_THAT(refusal("hosts rpi1"),
              HasSubstr("f:1: 'hosts rpi1' is not understood; write NAME ="));
  EXPECT_THAT(refusal("= 4"), HasSubstr("the name of an option is missing"));
  EXPECT_THAT(refusal("hosts"), HasSubstr("f:1: --hosts needs a value"));
  EXPECT_THAT(refusal("label = maybe"), HasSubstr("takes no value"));
  EXPECT_THAT(refusal("dry-run"), HasSubstr("--dry-run cannot be a default"));
  EXPECT_THAT(refusal("tune"), HasSubstr("--tune cannot be a default"));
  EXPECT_THAT(refusal("config = other"), HasSubstr("--config cannot be a default"));
}

TEST(Settings, OfTheEnvironment) {
  EXPECT_THAT(shown(settings_of_environment({"MPIEXEC_TIMEOUT=9", "PRUN_OPTIONS=-H 'a,b' -l"})),
              ElementsAre("--timeout|9|MPIEXEC_TIMEOUT", "--hosts|a,b|PRUN_OPTIONS",
                          "--label||PRUN_OPTIONS"));
  EXPECT_THAT(shown(settings_of_environment({"MPIEXEC_TIMEOUT=9", "PRUN_OPTIONS=--timeout 4"})),
              ElementsAre("--timeout|4|PRUN_OPTIONS"));
  EXPECT_THAT(
      shown(settings_of_environment({"HYDRA_HOST_FILE=h", "HYDRA_LAUNCHER_EXTRA_ARGS=-4"})),
      ElementsAre("--ssh-args|-4|HYDRA_LAUNCHER_EXTRA_ARGS", "--hostfile|h|HYDRA_HOST_FILE"));
  EXPECT_THAT(shown(settings_of_environment({"MPIR_CVAR_CH3_PORT_RANGE=5000:5100"})),
              ElementsAre("--ports|5000:5100|MPIR_CVAR_CH3_PORT_RANGE"));
  EXPECT_THAT(settings_of_environment({"PRUN_OPTIONS=-n 4 ./a"}).failure().text,
              StartsWith("PRUN_OPTIONS: './a' is no option"));
  EXPECT_THAT(settings_of_environment({"PRUN_OPTIONS='"}).failure().text,
              HasSubstr("opened and never closed"));
}

TEST(Settings, WhereTheFileIs) {
  EXPECT_EQ(settings_file({"HOME=/home/pi"}), "/home/pi/.config/prun/prun.conf");
  EXPECT_EQ(settings_file({"HOME=/home/pi", "XDG_CONFIG_HOME=/c"}), "/c/prun/prun.conf");
  EXPECT_EQ(settings_file({"HOME=/home/pi", "XDG_CONFIG_HOME=c"}),
            "/home/pi/.config/prun/prun.conf");
  EXPECT_EQ(settings_file({}), "");
}

class SettingsFile : public testing::Test {
 protected:
  SettingsFile() {
    std::string pattern = (std::filesystem::temp_directory_path() / "prun-cli-XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
    std::filesystem::create_directory(folder_ / "prun");
  }
  ~SettingsFile() override { std::filesystem::remove_all(folder_); }

  std::string write(const std::string& text, mode_t mode = 0600) const {
    const auto file = folder_ / "prun" / "prun.conf";
    std::ofstream(file) << text;
    ::chmod(file.c_str(), mode);
    return file.string();
  }
  ParsedCommandLine parsed(const Words& words, Words environment = {}) const {
    environment.push_back("XDG_CONFIG_HOME=" + folder_.string());
    return parse(words, environment);
  }
  RunOptions run(const Words& words, const Words& environment = {}) const {
    auto result = parsed(words, environment);
    const auto* printout = std::get_if<Printout>(&result);
    EXPECT_EQ(printout, nullptr) << printout->text;
    return printout != nullptr ? RunOptions() : std::get<RunOptions>(std::move(result));
  }
  std::string printed(const Words& words, const Words& environment = {}) const {
    auto result = parsed(words, environment);
    const auto* printout = std::get_if<Printout>(&result);
    return printout == nullptr ? "was accepted" : printout->text;
  }

  std::filesystem::path folder_;
};

TEST_F(SettingsFile, HoldsDefaults) {
  write("hosts = rpi1,rpi2\nuser = pi\nlabel\nx = A=1\n");
  const auto options = run({"-n", "4", "./a"});
  ASSERT_EQ(options.programs.front().hosts.size(), 2u);
  EXPECT_EQ(options.programs.front().hosts[1].name, "rpi2");
  EXPECT_EQ(options.programs.front().hosts[1].user, "pi");
  EXPECT_EQ(options.programs.front().placement.ranks, 4u);
  EXPECT_THAT(options.programs.front().environment, ElementsAre("A=1"));
  EXPECT_TRUE(options.label);
}

TEST_F(SettingsFile, WhatIsTypedComesFirst) {
  write("hosts = rpi1,rpi2\nn = 8\ntimeout = 60\nssh-args = -4\nx = A=1\n");
  const auto options = run({"-H", "root@rpi9", "-n", "2", "--ssh-args", "-v", "-x", "A=2", "./a"},
                           {"PRUN_OPTIONS=--timeout 30 --hostfile /no/such/file"});
  ASSERT_EQ(options.programs.front().hosts.size(), 1u);
  EXPECT_EQ(options.programs.front().hosts[0].name, "rpi9");
  EXPECT_EQ(options.programs.front().placement.ranks, 2u);
  EXPECT_EQ(options.timeout, std::chrono::milliseconds(30000));
  EXPECT_THAT(options.ssh_arguments, ElementsAre("-4", "-v"));
  EXPECT_THAT(options.programs.front().environment, ElementsAre("A=1", "A=2"));
}

TEST_F(SettingsFile, OtherProgramsShareWhatTheFirstHas) {
  write("hosts = rpi1,rpi2\nx = A=1\n");
  const auto programs = run({"./a", ":", "./b"}).programs;
  EXPECT_EQ(programs[0].hosts.size(), 2u);
  EXPECT_THAT(programs[1].hosts, IsEmpty());
  EXPECT_THAT(programs[1].environment, ElementsAre("A=1"));
}

TEST_F(SettingsFile, MistakesNameTheirPlace) {
  const std::string file = write("label\nn = many\n");
  EXPECT_THAT(printed({"./a"}),
              StartsWith("prun: " + file + ":2: -n: 'many' is not a number of ranks"));
  EXPECT_EQ(printed({"--no-config", "./a"}), "was accepted");
  EXPECT_THAT(printed({"--help"}), StartsWith("Usage: prun"));
}

TEST_F(SettingsFile, AnotherFileOrNone) {
  write("label\n");
  const std::string other = (folder_ / "other").string();
  std::ofstream(other) << "n = 3\n";
  EXPECT_FALSE(run({"--no-config", "./a"}, {"PRUN_OPTIONS=-n 4"}).label);
  EXPECT_FALSE(run({"--no-config", "./a"}, {"PRUN_OPTIONS=-n 4"}).programs[0].placement.ranks);
  EXPECT_FALSE(run({"--config", other, "./a"}).label);
  EXPECT_EQ(run({"--config", other, "./a"}).programs.front().placement.ranks, 3u);
  EXPECT_THAT(printed({"--config", other + "x", "./a"}), HasSubstr("there is no such file"));
}

TEST_F(SettingsFile, ThatEverybodyMayWriteIsNotRead) {
  write("launcher-exec = /tmp/evil\n", 0666);
  EXPECT_THAT(printed({"./a"}),
              HasSubstr("everybody may write to it, so it is not read; chmod o-w"));
}

TEST_F(SettingsFile, ThatIsNotThereIsNone) {
  EXPECT_FALSE(run({"./a"}).label);
}

TEST_F(SettingsFile, ShowsWhereEachComesFrom) {
  const std::string file = write("hosts = rpi1,rpi2\nlabel\n");
  EXPECT_EQ(printed({"--show-config", "-n", "4"}, {"PRUN_OPTIONS=--timeout 30"}),
            "-H rpi1,rpi2   from " + file + ":1\n" + "-l             from " + file + ":2\n" +
                "--timeout 30   from PRUN_OPTIONS\n"
                "--show-config  from the command line\n"
                "-n 4           from the command line\n"
                "(defaults come from " +
                file + " and from PRUN_OPTIONS)\n");
}

}  // namespace
}  // namespace prun::cli
