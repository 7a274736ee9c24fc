#pragma once

#include <string>
#include <vector>

#include "runtime/core/result.hpp"

namespace prun::cli {

// What stands between two colons: options, a program and its arguments.
struct NormalisedSection {
  std::vector<std::string>
      options;  // pairs for the option parser: "--ranks" "4"; flags stand alone
  std::vector<std::string>
      command;  // the program and its arguments, untouched; empty if none was given
};

// The arguments of prun with every accepted spelling brought to one. A plain value.
struct NormalisedArguments {
  std::vector<NormalisedSection> sections;  // at least one
  std::vector<std::string> ignored;         // a sentence for each that has no effect
};

// Finds where the options end and turns each into its one spelling, by the table in spellings.cpp.
// Options are taken with one dash or two, as `-opt value` or `-opt=value`, and a count also as
// `-n4`. They end at the first word that is none. The program and its arguments follow, up to a
// word that is a colon: behind it the options of another program begin. Behind `--` there are
// neither options nor colons. Fails at an option that is unknown, lacks its value or has a meaning
// that prun has nothing for, with one line for the user.
core::Result<NormalisedArguments> normalise(const std::vector<std::string>& arguments);

}  // namespace prun::cli
