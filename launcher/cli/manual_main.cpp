// Writes the texts of manual.hpp: prun_manual man|bash|zsh.
#include <cstdio>
#include <string_view>

#include "launcher/cli/manual.hpp"

int main(int argc, char** argv) {
  const std::string_view which = argc == 2 ? argv[1] : "";
  if (which == "man") {
    std::fputs(prun::cli::man_page().c_str(), stdout);
  } else if (which == "bash") {
    std::fputs(prun::cli::bash_completion().c_str(), stdout);
  } else if (which == "zsh") {
    std::fputs(prun::cli::zsh_completion().c_str(), stdout);
  } else {
    std::fputs("usage: prun_manual man|bash|zsh\n", stderr);
    return 2;
  }
  return 0;
}
