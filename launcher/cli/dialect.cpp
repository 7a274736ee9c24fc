#include "launcher/cli/dialect.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <string_view>

#include "launcher/cli/nearest.hpp"

namespace prun::cli {
namespace {

using core::Failure;
using core::Result;

enum class Takes { nothing, count, value, name_and_value };

// One spelling. To accept another, add a line.
struct Spelling {
  std::string_view written;  // without its dashes
  std::string_view option;   // what the option parser is given; empty: accepted, no effect
  Takes takes;
  std::string_view implied = {};  // the value of an option that takes none
};

constexpr Spelling spellings[] = {
    {"n", "--ranks", Takes::count},
    {"np", "--ranks", Takes::count},
    {"c", "--ranks", Takes::count},
    {"H", "--hosts", Takes::value},
    {"host", "--hosts", Takes::value},
    {"hosts", "--hosts", Takes::value},
    {"f", "--hostfile", Takes::value},
    {"hostfile", "--hostfile", Takes::value},
    {"machinefile", "--hostfile", Takes::value},
    {"N", "--per-host", Takes::count},
    {"ppn", "--per-host", Takes::count},
    {"npernode", "--per-host", Takes::count},
    {"pernode", "--per-host", Takes::nothing, "1"},
    {"l", "--label", Takes::nothing},
    {"label", "--label", Takes::nothing},
    {"tag-output", "--label", Takes::nothing},
    {"prepend-rank", "--label", Takes::nothing},
    {"x", "--variable", Takes::value},
    {"genv", "--variable", Takes::name_and_value},
    {"wdir", "--wdir", Takes::value},
    {"wd", "--wdir", Takes::value},
    {"compress", "--compress", Takes::value},
    {"timeout", "--timeout", Takes::value},
    {"start-timeout", "--start-timeout", Takes::value},
    {"ssh-args", "--ssh-args", Takes::value},
    {"launcher-exec", "--launcher-exec", Takes::value},
    {"no-persist", "--no-persist", Takes::nothing},
    {"stage", "--stage", Takes::value},
    {"preload-files", "--stage", Takes::value},
    {"preload-binary", "", Takes::nothing},
    {"v", "--verbose", Takes::nothing},
    {"verbose", "--verbose", Takes::nothing},
    {"q", "--quiet", Takes::nothing},
    {"quiet", "--quiet", Takes::nothing},
    {"h", "--help", Takes::nothing},
    {"help", "--help", Takes::nothing},
    {"V", "--version", Takes::nothing},
    {"version", "--version", Takes::nothing},
    {"bind-to", "--bind-to", Takes::value},
    {"oversubscribe", "", Takes::nothing},
    {"allow-run-as-root", "", Takes::nothing},
    {"genvall", "", Takes::nothing},
};

// What a value looks like, for the message of an option that came without.
struct Example {
  std::string_view option;
  std::string_view value;
};

constexpr Example examples[] = {
    {"--ranks", "4"},
    {"--hosts", "rpi1,rpi2"},
    {"--hostfile", "hosts"},
    {"--per-host", "4"},
    {"--variable", "NAME=VALUE"},
    {"--wdir", "/home/pi/work"},
    {"--compress", "off"},
    {"--timeout", "60"},
    {"--start-timeout", "30"},
    {"--ssh-args", "\"-p 2222\""},
    {"--launcher-exec", "/usr/bin/ssh"},
    {"--stage", "words.txt"},
    {"--bind-to", "none"},
};

std::string shown(std::string_view name) {
  return (name.size() == 1 ? "-" : "--") + std::string(name);
}

const Spelling* find(std::string_view written) {
  const auto* const found =
      std::find_if(std::begin(spellings), std::end(spellings),
                   [written](const Spelling& one) { return one.written == written; });
  return found == std::end(spellings) ? nullptr : found;
}

// The spelling of "n4", and the 4.
const Spelling* find_with_count(std::string_view word, std::string_view& count) {
  const auto digit = word.find_first_of("0123456789");
  if (digit == word.npos || word.find_first_not_of("0123456789", digit) != word.npos)
    return nullptr;
  const Spelling* const found = find(word.substr(0, digit));
  if (found == nullptr || found->takes != Takes::count) return nullptr;
  count = word.substr(digit);
  return found;
}

Failure unknown(const std::string& argument, std::string_view name) {
  std::vector<std::string> candidates;
  for (const auto& one : spellings) candidates.emplace_back(one.written);
  const std::string like = nearest(name, candidates);
  return Failure{Errc::invalid_argument,
                 "unknown option '" + argument + "'" +
                     (like.empty() ? "; " : "; did you mean " + shown(like) + "? ") +
                     "`prun --help` lists them all"};
}

Failure lacks_value(const std::string& typed, const Spelling& spelling) {
  std::string example = typed;
  for (const auto& one : examples) {
    if (one.option == spelling.option) example += fmt::format(" {}", one.value);
  }
  if (spelling.takes == Takes::name_and_value) example = typed + " NAME VALUE";
  return Failure{Errc::invalid_argument, typed + " needs a value; for example: " + example};
}

// Walks over the arguments, option by option.
class Normaliser {
 public:
  explicit Normaliser(const std::vector<std::string>& arguments) : arguments_(arguments) {}

  Result<NormalisedArguments> run() {
    while (next_ < arguments_.size()) {
      const std::string& argument = arguments_[next_];
      if (argument == "--") {
        ++next_;
        break;
      }
      if (argument.size() < 2 || argument.front() != '-') break;
      ++next_;
      const auto taken = take(argument);
      if (!taken) return taken.failure();
    }
    result_.command.assign(arguments_.begin() + static_cast<std::ptrdiff_t>(next_),
                           arguments_.end());
    return std::move(result_);
  }

 private:
  Result<core::Done> take(const std::string& argument) {
    std::string_view word = argument;
    word.remove_prefix(word.substr(0, 2) == "--" ? 2 : 1);
    const auto equals = word.find('=');
    const std::string_view name = word.substr(0, equals);
    const std::string typed = argument.substr(0, argument.size() - (word.size() - name.size()));
    std::string_view value;
    bool has_value = equals != word.npos;
    if (has_value) value = word.substr(equals + 1);

    const Spelling* spelling = find(name);
    if (spelling == nullptr && !has_value) {
      spelling = find_with_count(name, value);
      has_value = spelling != nullptr;
    }
    if (spelling == nullptr) return unknown(argument, name);

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
    if (spelling.option.empty()) {
      result_.ignored.push_back(value.empty() ? typed : typed + " " + std::string(value));
      return;
    }
    result_.options.emplace_back(spelling.option);
    if (spelling.takes != Takes::nothing || !spelling.implied.empty())
      result_.options.emplace_back(value);
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
