#pragma once

#include <string>

// What tells people and their shells of the options, made from the tables. The texts are kept in
// the repository, docs/man and launcher/completion, so that they can be installed by a build for
// another processor; a test compares.
namespace prun::cli {

// prun(1), for man.
std::string man_page();

std::string bash_completion();
std::string zsh_completion();

}  // namespace prun::cli
