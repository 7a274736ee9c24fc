#include "launcher/cli/manual.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>

#include "launcher/cli/help.hpp"
#include "launcher/cli/option_table.hpp"
#include "launcher/cli/spellings.hpp"

namespace prun::cli {
namespace {

using testing::HasSubstr;

std::string kept(const std::string& file) {
  std::ifstream in(std::string(PRUN_SOURCE_DIR) + "/" + file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

TEST(Help, FitsIntoATallWindow) {
  const std::string text = help_text();
  EXPECT_LE(std::count(text.begin(), text.end(), '\n'), 60);
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 80u) << line;
}

// A job that is ended by itself is not to be a riddle.
TEST(Help, NamesWhatEndsJobsUnasked) {
  EXPECT_THAT(help_text(), HasSubstr("--on-deadlock WHAT"));
  EXPECT_THAT(help_text(), HasSubstr("--on-failure=continue"));
}

// docs/testing.md says how to make them anew.
TEST(Manual, IsKeptAsItIsMade) {
  EXPECT_TRUE(kept("docs/man/prun.1") == man_page()) << "docs/man/prun.1 is out of date";
  EXPECT_TRUE(kept("launcher/completion/prun.bash") == bash_completion())
      << "launcher/completion/prun.bash is out of date";
  EXPECT_TRUE(kept("launcher/completion/_prun") == zsh_completion())
      << "launcher/completion/_prun is out of date";
}

TEST(Manual, EveryOptionHasItsWords) {
  const std::string page = man_page();
  for (const auto& option : option_table()) {
    EXPECT_FALSE(option.usage.empty()) << option.name;
    EXPECT_TRUE(option.text.ends_with('.')) << option.name;
    EXPECT_EQ(option.kind == ValueKind::none, option.example.empty()) << option.name;
    EXPECT_EQ(option.kind == ValueKind::words, !option.words.empty() ||
                                                   option.name == "--forward" ||
                                                   option.name == "--forward-of-all")
        << option.name;
  }
  EXPECT_THAT(page, HasSubstr("\n.TP\n.B \\-H LIST\n"));
}

TEST(Manual, EverySpellingIsOffered) {
  const std::string bash = bash_completion();
  const std::string zsh = zsh_completion();
  for (const auto& spelling : spellings()) {
    const std::string typed = as_typed(spelling.written);
    const bool offered = spelling.effect == Effect::option;
    EXPECT_EQ(bash.find(" " + typed + " ") != std::string::npos ||
                  bash.find("'" + typed + " ") != std::string::npos ||
                  bash.find(" " + typed + "'") != std::string::npos,
              offered)
        << typed;
    EXPECT_EQ(zsh.find("*" + typed + "[") != std::string::npos, offered) << typed;
  }
}

}  // namespace
}  // namespace prun::cli
