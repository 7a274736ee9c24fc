#include "launcher/cli/command_line.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace prun::cli {
namespace {

using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

using Arguments = std::vector<std::string>;

RunOptions run(const Arguments& arguments, const Arguments& environment = {}) {
  auto parsed = parse(arguments, environment);
  if (const auto* printout = std::get_if<Printout>(&parsed)) {
    ADD_FAILURE() << printout->text;
    return {};
  }
  return std::get<RunOptions>(std::move(parsed));
}

Printout printed(const Arguments& arguments, const Arguments& environment = {}) {
  auto parsed = parse(arguments, environment);
  if (auto* printout = std::get_if<Printout>(&parsed)) return *printout;
  ADD_FAILURE() << "was accepted";
  return {};
}

// The text of an error, which must be one line for standard error with status 125.
std::string refusal(const Arguments& arguments, const Arguments& environment = {}) {
  const Printout printout = printed(arguments, environment);
  EXPECT_TRUE(printout.is_error);
  EXPECT_EQ(printout.exit_status, 125);
  EXPECT_EQ(std::count(printout.text.begin(), printout.text.end(), '\n'), 1) << printout.text;
  EXPECT_THAT(printout.text, StartsWith("prun: "));
  return printout.text.substr(0, printout.text.size() - 1);
}

std::vector<std::string> names(const RunOptions& options) {
  std::vector<std::string> result;
  for (const auto& host : options.hosts) result.push_back(host.name);
  return result;
}

TEST(CommandLine, MainJob) {
  const RunOptions options = run({"-H", "rpi1,rpi2,rpi3,rpi4", "./prime", "100000"});
  EXPECT_THAT(names(options), ElementsAre("rpi1", "rpi2", "rpi3", "rpi4"));
  EXPECT_EQ(options.placement, hosts::PlacementRequest{});
  EXPECT_THAT(options.command, ElementsAre("./prime", "100000"));
}

TEST(CommandLine, DefaultsAreThoseOfTheStruct) {
  const RunOptions options = run({"./a"});
  EXPECT_THAT(options.hosts, IsEmpty());
  EXPECT_FALSE(options.label);
  EXPECT_FALSE(options.timeout.has_value());
  EXPECT_EQ(options.start_timeout, milliseconds(15000));
  EXPECT_EQ(options.ssh_program, "ssh");
  EXPECT_EQ(options.verbosity, 0);
  EXPECT_THAT(options.notes, IsEmpty());
}

TEST(CommandLine, TutorialCommands) {
  EXPECT_EQ(
      run({"-n", "4", "--hosts", "10.0.0.1,10.0.0.2,10.0.0.3,10.0.0.4", "hostname"}).hosts.size(),
      4u);
  EXPECT_EQ(run({"-n", "2", "--host", "10.0.0.1,10.0.0.2", "python3", "prime.py", "100000"})
                .command.size(),
            3u);
  EXPECT_EQ(run({"python3", "Hello.py"}).command.front(), "python3");
}

TEST(CommandLine, Counts) {
  EXPECT_EQ(run({"-n", "4", "./a"}).placement.ranks, 4u);
  EXPECT_EQ(run({"-ppn", "2", "./a"}).placement.per_host, 2u);
  EXPECT_EQ(run({"-pernode", "-n", "4", "./a"}).placement, (hosts::PlacementRequest{4, 1}));
  EXPECT_EQ(run({"-n", "4", "-n", "5", "./a"}).placement.ranks, 5u);
  EXPECT_EQ(refusal({"-n", "0", "./a"}),
            "prun: -n: '0' is not a number of ranks from 1 to 65536; for example: -n 4");
  EXPECT_THAT(refusal({"-np", "four", "./a"}), HasSubstr("-n: 'four' is not a number of ranks"));
  EXPECT_THAT(refusal({"-n", "-l", "./a"}), HasSubstr("-n: '-l' is not a number of ranks"));
  EXPECT_THAT(refusal({"-n", "65537", "./a"}), HasSubstr("'65537' is not a number of ranks"));
  EXPECT_THAT(refusal({"-N", "1.5", "./a"}), HasSubstr("-N: '1.5' is not a number of ranks"));
}

TEST(CommandLine, BadHostList) {
  EXPECT_EQ(refusal({"-H", "rpi1,,rpi2", "./a"}),
            "prun: -H: host list 'rpi1,,rpi2': entry 2 is empty; there is a comma too many");
  EXPECT_THAT(refusal({"-H", "-n", "4", "./a"}),
              HasSubstr("-H: host '-n': '-n' is not a host name"));
}

class CommandLineWithHostfile : public testing::Test {
 protected:
  CommandLineWithHostfile() {
    std::string pattern = (std::filesystem::temp_directory_path() / "prun-cli-XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
  }
  ~CommandLineWithHostfile() override { std::filesystem::remove_all(folder_); }

  std::string write(const std::string& name, const std::string& text) const {
    std::ofstream(folder_ / name) << text;
    return (folder_ / name).string();
  }

 private:
  std::filesystem::path folder_;
};

TEST_F(CommandLineWithHostfile, HostsComeInTheOrderTyped) {
  const std::string file = write("hosts", "b\nc:2\n");
  EXPECT_THAT(names(run({"-H", "a", "-f", file, "-H", "d", "./a"})),
              ElementsAre("a", "b", "c", "d"));
  EXPECT_THAT(names(run({"-machinefile", file, "-H", "a", "./a"})), ElementsAre("b", "c", "a"));
  EXPECT_THAT(names(run({"-hostfile", file, "--hostfile", file, "./a"})),
              ElementsAre("b", "c", "b", "c"));
}

TEST_F(CommandLineWithHostfile, ErrorsCarryFileAndLine) {
  const std::string file = write("hosts", "b\nc slot=2\n");
  EXPECT_THAT(refusal({"-f", file, "./a"}),
              StartsWith("prun: " + file + ":2: 'slot=2' is not understood; "));
  EXPECT_THAT(refusal({"-f", file + "x", "./a"}), HasSubstr("there is no such file"));
  EXPECT_THAT(refusal({"-f", "", "./a"}), HasSubstr("the name of the file is empty"));
}

TEST(CommandLine, Variables) {
  const Arguments own{"SHOW=:0", "B=2"};
  EXPECT_THAT(
      run({"-x", "A=1", "-x", "SHOW", "-genv", "C", "3", "-genv", "D=4", "-x", "E=", "./a"}, own)
          .environment,
      ElementsAre("A=1", "SHOW=:0", "C=3", "D=4", "E="));
  EXPECT_EQ(refusal({"-x", "NOPE", "./a"}, own),
            "prun: -x: the variable NOPE is not set here, so it cannot be passed on; write "
            "NOPE=VALUE, or set and "
            "export it first");
}

TEST(CommandLine, Directory) {
  EXPECT_EQ(run({"-wdir", "/home/pi/work", "./a"}).directory, "/home/pi/work");
  EXPECT_EQ(run({"--wd=/x", "./a"}).directory, "/x");
  EXPECT_THAT(refusal({"--wdir", "", "./a"}), HasSubstr("the name of the folder is empty"));
}

TEST(CommandLine, Times) {
  EXPECT_EQ(run({"--timeout", "90", "./a"}).timeout, milliseconds(90000));
  EXPECT_EQ(run({"-timeout", "0.25", "./a"}).timeout, milliseconds(250));
  EXPECT_EQ(run({"--timeout=0.0001", "./a"}).timeout, milliseconds(1));
  EXPECT_EQ(run({"--start-timeout", "3.5", "./a"}).start_timeout, milliseconds(3500));
  EXPECT_EQ(refusal({"--timeout", "0", "./a"}),
            "prun: --timeout: '0' is not a time in seconds above 0; for example: --timeout 90 or "
            "--timeout 0.5");
  for (const std::string bad : {"-1", "soon", "1h", "inf", "nan", "1e30", ""}) {
    EXPECT_THAT(refusal({"--timeout", bad, "./a"}),
                HasSubstr("'" + bad + "' is not a time in seconds"))
        << bad;
  }
}

TEST(CommandLine, Compression) {
  EXPECT_EQ(run({"./a"}).compression, core::CompressionMode::automatic);
  EXPECT_EQ(run({"--compress=auto", "./a"}).compression, core::CompressionMode::automatic);
  EXPECT_EQ(run({"--compress", "off", "./a"}).compression, core::CompressionMode::off);
  EXPECT_EQ(run({"--compress=off", "--compress=lz4", "./a"}).compression,
            core::CompressionMode::lz4);
  EXPECT_EQ(refusal({"--compress=zip", "./a"}),
            "prun: --compress: 'zip' is none of auto, off or lz4; for example: --compress=off");
  for (const std::string bad : {"", "LZ4", "on", "lz4 "}) {
    EXPECT_THAT(refusal({"--compress", bad, "./a"}), HasSubstr("'" + bad + "' is none of")) << bad;
  }
  EXPECT_EQ(refusal({"--compress"}), "prun: --compress needs a value; for example: --compress off");
}

TEST(CommandLine, Ssh) {
  const RunOptions options = run(
      {"--ssh-args", "-p 2222 -i 'my key'", "--ssh-args=-4", "--launcher-exec", "/opt/ssh", "./a"});
  EXPECT_THAT(options.ssh_arguments, ElementsAre("-p", "2222", "-i", "my key", "-4"));
  EXPECT_EQ(options.ssh_program, "/opt/ssh");
  EXPECT_THAT(run({"--ssh-args", "", "./a"}).ssh_arguments, IsEmpty());
  EXPECT_THAT(refusal({"--ssh-args", "'", "./a"}), HasSubstr("opened and never closed"));
}

TEST(CommandLine, ValuesWithBracketsAndCommasStayWhole) {
  EXPECT_THAT(run({"-x", "A=[1,2]", "-x", "B=\"q\"", "-x", "C=--help", "./a"}).environment,
              ElementsAre("A=[1,2]", "B=\"q\"", "C=--help"));
  EXPECT_THAT(names(run({"-H", "[fe80::1],n[1-2]", "./a"})), ElementsAre("fe80::1", "n1", "n2"));
}

TEST(CommandLine, Verbosity) {
  EXPECT_EQ(run({"-v", "--verbose", "./a"}).verbosity, 2);
  EXPECT_EQ(run({"-q", "./a"}).verbosity, -1);
  EXPECT_TRUE(run({"-l", "--tag-output", "./a"}).label);
}

TEST(CommandLine, OptionsWithoutEffectAreNoted) {
  const RunOptions options =
      run({"--oversubscribe", "--bind-to", "none", "--allow-run-as-root", "-genvall", "./a"});
  EXPECT_EQ(options.notes.size(), 4u);
  EXPECT_THAT(options.notes.front(), HasSubstr("--oversubscribe has no effect"));
  EXPECT_THAT(refusal({"--bind-to", "core", "./a"}),
              HasSubstr("--bind-to core: prun leaves every rank free"));
}

TEST(CommandLine, ProgramKeepsItsArguments) {
  EXPECT_THAT(run({"-n", "2", "./a", "-n", "--help", "-x"}).command,
              ElementsAre("./a", "-n", "--help", "-x"));
  EXPECT_THAT(run({"--", "-a", "b"}).command, ElementsAre("-a", "b"));
}

TEST(CommandLine, NoProgram) {
  const std::string text =
      "prun: no program given; for example: prun -H rpi1,rpi2,rpi3,rpi4 ./prime 100000, or prun -n "
      "4 ./hello";
  EXPECT_EQ(refusal({}), text);
  EXPECT_EQ(refusal({"-n", "4"}), text);
  EXPECT_EQ(refusal({"-n", "4", "--"}), text);
  EXPECT_EQ(refusal({""}), text);
}

TEST(CommandLine, UnknownOption) {
  EXPECT_EQ(
      refusal({"--hostfiel", "x", "./a"}),
      "prun: unknown option '--hostfiel'; did you mean --hostfile? `prun --help` lists them all");
}

TEST(CommandLine, Version) {
  for (const std::string spelling : {"-V", "--version", "-version"}) {
    const Printout printout = printed({spelling});
    EXPECT_FALSE(printout.is_error);
    EXPECT_EQ(printout.exit_status, 0);
    EXPECT_THAT(printout.text, StartsWith("prun 0.1.0 (message-passing runtime and launcher)\n"));
    EXPECT_THAT(printout.text, HasSubstr("not the prun of PRRTE"));
  }
}

TEST(CommandLine, HelpFitsAScreenOf80Columns) {
  for (const std::string spelling : {"-h", "--help", "-help"}) {
    const Printout printout = printed({"-n", "4", spelling, "./a"});
    EXPECT_FALSE(printout.is_error);
    EXPECT_EQ(printout.exit_status, 0);
    std::istringstream lines(printout.text);
    std::string line;
    int count = 0;
    while (std::getline(lines, line)) {
      EXPECT_LE(line.size(), 80u) << line;
      EXPECT_TRUE(line.empty() || line.back() != ' ') << line;
      ++count;
    }
    EXPECT_LE(count, 48);
  }
}

TEST(CommandLine, EveryOptionThatHelpNamesIsKnown) {
  std::istringstream words(printed({"--help"}).text);
  std::string word;
  int seen = 0;
  while (words >> word) {
    const auto end = word.find_first_of(",;:)");
    word = word.substr(word.front() == '(' ? 1 : 0, end);
    if (word.size() < 2 || word.front() != '-') continue;
    ++seen;
    auto parsed = parse({word, "1", "1"}, {});
    const auto* printout = std::get_if<Printout>(&parsed);
    EXPECT_TRUE(printout == nullptr || printout->text.find("unknown option") == std::string::npos)
        << word;
  }
  EXPECT_GT(seen, 20);
}

}  // namespace
}  // namespace prun::cli
