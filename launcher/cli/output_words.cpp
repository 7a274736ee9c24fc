#include "launcher/cli/output_words.hpp"

#include <fmt/format.h>

#include <set>

#include "launcher/cli/values.hpp"
#include "launcher/hosts/number.hpp"
#include "runtime/wire/limits.hpp"

namespace prun::cli {
namespace {

using core::Failure;

core::Status apply_word(const std::string& word, const std::string& text, RunOptions& options) {
  const auto equals = word.find('=');
  const std::string name = lower(word.substr(0, equals));
  const std::string value = equals == word.npos ? std::string() : word.substr(equals + 1);
  if (name == "tag" || name == "tag-detailed" || name == "tag-fullname") {
    options.label = true;
  } else if (name == "rank") {
    options.output.pattern = "[%r] ";
  } else if (name == "timestamp") {
    options.output.timestamp = true;
  } else if (name == "merge" || name == "merge-stderr-to-stdout") {
    options.output.merge = true;
  } else if (name == "raw") {
    options.output.raw = true;
  } else if (name == "nocopy") {
    options.output.shows_out = false;
    options.output.shows_err = false;
  } else if (name == "copy") {
    options.output.shows_out = true;
    options.output.shows_err = true;
  } else if ((name == "dir" || name == "directory") && !value.empty()) {
    apply_output_dir(value, options);
  } else if ((name == "file" || name == "filename") && !value.empty()) {
    options.output.out_file = value + ".%r.out";
    options.output.err_file = value + ".%r.err";
  } else if (name == "xml") {
    return Failure{Errc::invalid_argument,
                   "--output xml: prun writes plain lines; --label says which rank wrote each"};
  } else {
    return Failure{Errc::invalid_argument,
                   fmt::format("--output {}: '{}' is not understood; for example: --output "
                               "tag,timestamp or --output dir=out:nocopy",
                               text, word)};
  }
  return core::Done{};
}

}  // namespace

core::Status apply_output(const std::string& text, RunOptions& options) {
  for (const auto& part : parts_of(text, ',')) {
    for (const auto& word : parts_of(part, ':')) {
      const auto applied = apply_word(word, text, options);
      if (!applied) return applied.failure();
    }
  }
  return core::Done{};
}

core::Status apply_output_from(const std::string& text, RunOptions& options) {
  std::set<std::uint32_t> ranks;
  for (const auto& part : parts_of(text, ',')) {
    const auto dash = part.find('-');
    const auto first = hosts::parse_number(std::string_view(part).substr(0, dash));
    const auto last =
        dash == part.npos ? first : hosts::parse_number(std::string_view(part).substr(dash + 1));
    if (!first || !last || *last < *first || *last >= wire::max_ranks) {
      return Failure{Errc::invalid_argument,
                     fmt::format("--output-from: '{}' is not a rank or a range of ranks; for "
                                 "example: --output-from 0 or --output-from 0,2-5",
                                 part)};
    }
    for (std::uint32_t rank = *first; rank <= *last; ++rank) ranks.insert(rank);
  }
  options.output.from = std::move(ranks);
  return core::Done{};
}

void apply_output_dir(const std::string& folder, RunOptions& options) {
  options.output.out_file = folder + "/rank.%r.out";
  options.output.err_file = folder + "/rank.%r.err";
}

}  // namespace prun::cli
