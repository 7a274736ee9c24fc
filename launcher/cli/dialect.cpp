#include "launcher/cli/dialect.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <string_view>

#include "launcher/cli/nearest.hpp"
#include "launcher/cli/option_table.hpp"
#include "launcher/cli/spellings.hpp"

namespace prun::cli {
namespace {

using core::Failure;
using core::Result;

// The spelling of "n4", and the 4.
const Spelling* find_with_count(std::string_view word, std::string_view& count) {
  const auto digit = word.find_first_of("0123456789");
  if (digit == word.npos || word.find_first_not_of("0123456789", digit) != word.npos)
    return nullptr;
  const Spelling* const found = find_spelling(word.substr(0, digit));
  if (found == nullptr || found->takes != Takes::count) return nullptr;
  count = word.substr(digit);
  return found;
}

Failure unknown(const std::string& argument, std::string_view name) {
  std::vector<std::string> candidates;
  for (const auto& one : spellings()) {
    if (one.effect == Effect::option) candidates.emplace_back(one.written);
  }
  const std::string like = nearest(name, candidates);
  return Failure{Errc::invalid_argument,
                 "unknown option '" + argument + "'" +
                     (like.empty() ? "; " : "; did you mean " + as_typed(like) + "? ") +
                     "`prun --help` lists them all"};
}

Failure lacks_value(const std::string& typed, const Spelling& spelling) {
  const Option* const known = find_option(spelling.option);
  std::string_view example = known == nullptr ? "VALUE" : known->example;
  if (spelling.takes == Takes::name_and_value && example.find(' ') == example.npos)
    example = "NAME VALUE";
  return Failure{Errc::invalid_argument,
                 fmt::format("{0} needs a value; for example: {0} {1}", typed, example)};
}

// Walks over the arguments, option by option.
class Normaliser {
 public:
  explicit Normaliser(const std::vector<std::string>& arguments) : arguments_(arguments) {}

  Result<NormalisedArguments> run() {
    bool colon = true;
    while (colon) {
      result_.sections.emplace_back();
      const auto options = take_options();
      if (!options) return options.failure();
      colon = take_command();
    }
    return std::move(result_);
  }

 private:
  core::Status take_options() {
    while (next_ < arguments_.size()) {
      const std::string& argument = arguments_[next_];
      if (argument.size() < 2 || argument.front() != '-' || argument == "--") break;
      ++next_;
      const auto taken = take(argument);
      if (!taken) return taken.failure();
    }
    return core::Done{};
  }

  // True if a colon follows.
  bool take_command() {
    const auto begin = arguments_.begin() + static_cast<std::ptrdiff_t>(next_);
    auto& command = result_.sections.back().command;
    if (begin != arguments_.end() && *begin == "--") {
      command.assign(begin + 1, arguments_.end());
      return false;
    }
    const auto colon = std::find(begin, arguments_.end(), ":");
    command.assign(begin, colon);
    if (colon == arguments_.end()) return false;
    next_ = static_cast<std::size_t>(colon - arguments_.begin()) + 1;
    return true;
  }

  core::Status take(const std::string& argument) {
    std::string_view word = argument;
    word.remove_prefix(word.substr(0, 2) == "--" ? 2 : 1);
    const auto equals = word.find('=');
    const std::string_view name = word.substr(0, equals);
    const std::string typed = argument.substr(0, argument.size() - (word.size() - name.size()));
    std::string_view value;
    bool has_value = equals != word.npos;
    if (has_value) value = word.substr(equals + 1);

    const Spelling* spelling = find_spelling(name);
    if (spelling == nullptr && !has_value) {
      spelling = find_with_count(name, value);
      has_value = spelling != nullptr;
    }
    if (spelling == nullptr) return unknown(argument, name);
    if (spelling->effect == Effect::refused)
      return Failure{Errc::invalid_argument, fmt::format("{}: {}", typed, spelling->reason)};

    if (spelling->takes == Takes::nothing) {
      if (has_value) {
        return Failure{Errc::invalid_argument,
                       typed + " takes no value, and '" + argument + "' gives it one"};
      }
      put(*spelling, typed, spelling->implied);
      return core::Done{};
    }
    if (!has_value) {
      if (next_ == arguments_.size()) return lacks_value(typed, *spelling);
      value = arguments_[next_++];
    }
    if (spelling->takes == Takes::name_and_value && value.find('=') == value.npos) {
      if (next_ == arguments_.size()) return lacks_value(typed, *spelling);
      put(*spelling, typed, std::string(value) + "=" + arguments_[next_++]);
      return core::Done{};
    }
    put(*spelling, typed, value);
    return core::Done{};
  }

  void put(const Spelling& spelling, const std::string& typed, std::string_view value) {
    if (spelling.effect == Effect::ignored) {
      result_.ignored.push_back(fmt::format("{}{}{} has no effect: {}", typed,
                                            value.empty() ? "" : " ", value, spelling.reason));
      return;
    }
    auto& options = result_.sections.back().options;
    options.emplace_back(spelling.option);
    if (spelling.takes != Takes::nothing || !spelling.implied.empty()) options.emplace_back(value);
  }

  const std::vector<std::string>& arguments_;
  std::size_t next_ = 0;
  NormalisedArguments result_;
};

}  // namespace

Result<NormalisedArguments> normalise(const std::vector<std::string>& arguments) {
  return Normaliser(arguments).run();
}

}  // namespace prun::cli
