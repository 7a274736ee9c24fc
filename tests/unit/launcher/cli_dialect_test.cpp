#include "launcher/cli/dialect.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace prun::cli {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

using Arguments = std::vector<std::string>;

NormalisedArguments all_sections(const Arguments& arguments) {
  auto result = normalise(arguments);
  EXPECT_TRUE(result.ok()) << (result ? "" : result.failure().text);
  return result ? std::move(result).value() : NormalisedArguments{{{}}, {}};
}

// The one section of a command line without colons.
NormalisedSection normalised(const Arguments& arguments) {
  auto result = all_sections(arguments);
  EXPECT_EQ(result.sections.size(), 1u);
  return std::move(result.sections.front());
}

std::string refusal(const Arguments& arguments) {
  const auto result = normalise(arguments);
  EXPECT_FALSE(result.ok());
  return result ? std::string() : result.failure().text;
}

TEST(Dialect, EverySpellingOfTheRankCount) {
  for (const std::string spelling : {"-n", "--n", "-np", "--np", "-c", "--c"}) {
    EXPECT_THAT(normalised({spelling, "4", "./a"}).options, ElementsAre("--ranks", "4"))
        << spelling;
    EXPECT_THAT(normalised({spelling + "=4", "./a"}).options, ElementsAre("--ranks", "4"))
        << spelling;
    EXPECT_THAT(normalised({spelling + "4", "./a"}).options, ElementsAre("--ranks", "4"))
        << spelling;
  }
}

TEST(Dialect, EverySpellingOfHosts) {
  for (const std::string spelling : {"-H", "-host", "--host", "-hosts", "--hosts"}) {
    EXPECT_THAT(normalised({spelling, "a,b", "./a"}).options, ElementsAre("--hosts", "a,b"))
        << spelling;
  }
  for (const std::string spelling :
       {"-f", "-hostfile", "--hostfile", "-machinefile", "--machinefile"}) {
    EXPECT_THAT(normalised({spelling, "file", "./a"}).options, ElementsAre("--hostfile", "file"))
        << spelling;
  }
}

TEST(Dialect, EverySpellingOfRanksPerHost) {
  for (const std::string spelling : {"-N", "-ppn", "--ppn", "--npernode", "-npernode"}) {
    EXPECT_THAT(normalised({spelling, "2", "./a"}).options, ElementsAre("--per-host", "2"))
        << spelling;
  }
  EXPECT_THAT(normalised({"--pernode", "./a"}).options, ElementsAre("--per-host", "1"));
  EXPECT_THAT(normalised({"-pernode", "./a"}).command, ElementsAre("./a"));
}

TEST(Dialect, Flags) {
  for (const std::string spelling : {"-l", "--label", "-label", "--tag-output"}) {
    EXPECT_THAT(normalised({spelling, "./a"}).options, ElementsAre("--label")) << spelling;
  }
  EXPECT_THAT(normalised({"-prepend-rank", "./a"}).options,
              ElementsAre("--prepend-pattern", "[%r] "));
  EXPECT_THAT(
      normalised({"-v", "--verbose", "-q", "-quiet", "-h", "-help", "-V", "-version"}).options,
      ElementsAre("--verbose", "--verbose", "--quiet", "--quiet", "--help", "--help", "--version",
                  "--version"));
  EXPECT_EQ(refusal({"--label=1", "./a"}), "--label takes no value, and '--label=1' gives it one");
}

TEST(Dialect, CaseMatters) {
  EXPECT_THAT(normalised({"-n", "4", "-N", "2", "./a"}).options,
              ElementsAre("--ranks", "4", "--per-host", "2"));
  EXPECT_THAT(normalised({"-H", "a", "-h"}).options, ElementsAre("--hosts", "a", "--help"));
}

TEST(Dialect, GenvTakesOneWordOrTwo) {
  EXPECT_THAT(normalised({"-genv", "A", "1", "./a"}).options,
              ElementsAre("--variable-of-all", "A=1"));
  EXPECT_THAT(normalised({"-genv", "A=1", "./a"}).options, ElementsAre("--variable-of-all", "A=1"));
  EXPECT_THAT(normalised({"--genv", "A", "x=y", "./a"}).options,
              ElementsAre("--variable-of-all", "A=x=y"));
  EXPECT_THAT(normalised({"-genv", "A", "", "./a"}).options,
              ElementsAre("--variable-of-all", "A="));
  EXPECT_THAT(normalised({"-x", "A", "-x=B=2", "./a"}).options,
              ElementsAre("--variable", "A", "--variable", "B=2"));
  EXPECT_EQ(refusal({"-genv", "A"}), "-genv needs a value; for example: -genv NAME VALUE");
}

TEST(Dialect, IgnoredOptionsAreNoted) {
  const auto result = all_sections({"--prefix", "/opt/mpi", "-allow-run-as-root", "./a"});
  EXPECT_THAT(result.sections.front().options, IsEmpty());
  EXPECT_THAT(result.ignored,
              ElementsAre("--prefix /opt/mpi has no effect: prun finds its other half on the hosts "
                          "by itself",
                          "-allow-run-as-root has no effect: it is how prun works anyway"));
  EXPECT_THAT(result.sections.front().command, ElementsAre("./a"));
}

TEST(Dialect, OptionsWithoutAMeaningHereSayWhatToDo) {
  EXPECT_EQ(refusal({"--order-nodes", "ASC", "./a"}),
            "--order-nodes: hosts are taken in the order you name them");
}

TEST(Dialect, OptionsEndAtTheProgram) {
  const auto result = normalised({"-n", "2", "./a", "-n", "3", "--help", "--"});
  EXPECT_THAT(result.options, ElementsAre("--ranks", "2"));
  EXPECT_THAT(result.command, ElementsAre("./a", "-n", "3", "--help", "--"));
}

TEST(Dialect, DoubleDashEndsThemToo) {
  EXPECT_THAT(normalised({"-n", "2", "--", "-odd-name", "--", "x"}).command,
              ElementsAre("-odd-name", "--", "x"));
  EXPECT_THAT(normalised({"-n", "2", "--"}).command, IsEmpty());
}

TEST(Dialect, ColonsDivideSections) {
  const auto sections =
      all_sections({"-n", "1", "./a", "-n", "x", ":", "-n", "3", "./b", "c:d", ":", "./e"})
          .sections;
  ASSERT_EQ(sections.size(), 3u);
  EXPECT_THAT(sections[0].options, ElementsAre("--ranks", "1"));
  EXPECT_THAT(sections[0].command, ElementsAre("./a", "-n", "x"));
  EXPECT_THAT(sections[1].options, ElementsAre("--ranks", "3"));
  EXPECT_THAT(sections[1].command, ElementsAre("./b", "c:d"));
  EXPECT_THAT(sections[2].options, IsEmpty());
  EXPECT_THAT(sections[2].command, ElementsAre("./e"));
}

TEST(Dialect, DoubleDashKeepsColonsToo) {
  EXPECT_THAT(normalised({"-n", "2", "--", "expr", "a", ":", "b"}).command,
              ElementsAre("expr", "a", ":", "b"));
}

TEST(Dialect, ColonsAtTheEdgesLeaveEmptySections) {
  EXPECT_EQ(all_sections({":", "./a", ":"}).sections.size(), 3u);
}

TEST(Dialect, ValuesMayLookLikeOptions) {
  EXPECT_THAT(normalised({"--ssh-args", "-p 2222", "./a"}).options,
              ElementsAre("--ssh-args", "-p 2222"));
  EXPECT_THAT(normalised({"--ssh-args=", "./a"}).options, ElementsAre("--ssh-args", ""));
}

TEST(Dialect, UnknownOptionsNameTheNearest) {
  EXPECT_EQ(refusal({"--hostfle", "x"}),
            "unknown option '--hostfle'; did you mean --hostfile? `prun --help` lists them all");
  EXPECT_EQ(refusal({"-hots=x"}),
            "unknown option '-hots=x'; did you mean --host? `prun --help` lists them all");
  EXPECT_EQ(refusal({"-NP", "4"}),
            "unknown option '-NP'; did you mean --np? `prun --help` lists them all");
  EXPECT_EQ(refusal({"--quantum", "4"}),
            "unknown option '--quantum'; `prun --help` lists them all");
  EXPECT_EQ(refusal({"-l4"}), "unknown option '-l4'; `prun --help` lists them all");
}

TEST(Dialect, MissingValuesComeWithAnExample) {
  EXPECT_EQ(refusal({"-np"}), "-np needs a value; for example: -np 4");
  EXPECT_EQ(refusal({"-n", "4", "-hosts"}), "-hosts needs a value; for example: -hosts rpi1,rpi2");
  EXPECT_EQ(refusal({"--wdir"}), "--wdir needs a value; for example: --wdir /home/pi/work");
}

}  // namespace
}  // namespace prun::cli
