#include "launcher/cli/placement_words.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "launcher/cli/values.hpp"

namespace prun::cli {
namespace {

using core::Failure;

// Parts of a machine that the peers deal ranks to. On the boards prun is made for they are all the
// same.
constexpr std::string_view parts_of_a_host[] = {
    "core",  "socket",  "package", "numa", "l1cache", "l2cache", "l3cache", "hwthread",
    "board", "machine", "pe-list", "dist", "user",    "rr",      "cpu"};

bool is_part_of_a_host(const std::string& word) {
  return std::find(std::begin(parts_of_a_host), std::end(parts_of_a_host), word) !=
         std::end(parts_of_a_host);
}

core::Status apply_modifier(const std::string& modifier, const std::string& text,
                            RunOptions& options) {
  if (modifier == "nolocal") {
    options.nolocal = true;
  } else if (modifier == "oversubscribe") {
    options.oversubscribe = true;
    options.tells_oversubscription = false;
  } else if (modifier == "nooversubscribe") {
    options.oversubscribe = false;
  } else if (modifier == "display" || modifier == "displayalloc") {
    options.shows_plan = true;
  } else if (modifier == "donotlaunch") {
    options.dry_run = true;
  } else if (modifier.starts_with("pe=") || modifier == "span" || modifier == "inherit" ||
             modifier == "noinherit" || modifier == "hwtcpus" || modifier == "corecpus") {
    options.notes.push_back(
        fmt::format("--map-by {}: {} has no effect: ranks are placed by host", text, modifier));
  } else {
    return Failure{Errc::invalid_argument,
                   fmt::format("--map-by {}: '{}' is not understood; for example: --map-by "
                               "node:nolocal",
                               text, modifier)};
  }
  return core::Done{};
}

}  // namespace

core::Status apply_ppr(const std::string& text, const std::string& option, RunOptions& options) {
  const auto words = parts_of(lower(text), ':');
  if (words.size() != 2 || (words[1] != "node" && words[1] != "host")) {
    return Failure{Errc::invalid_argument,
                   fmt::format("{}: '{}' is not N:node; prun counts ranks by host only, for "
                               "example: -N 2",
                               option, text)};
  }
  const auto count = count_of(words[0], option);
  if (!count) return count.failure();
  options.programs.back().placement.per_host = count.value();
  return core::Done{};
}

core::Status apply_map_by(const std::string& text, RunOptions& options) {
  auto words = parts_of(lower(text), ':');
  std::size_t next = 0;
  if (!text.starts_with(':') && !words.empty()) {
    const std::string& order = words[next++];
    if (order == "slot") {
      options.order = hosts::PlacementOrder::by_slot;
    } else if (order == "node" || order == "host") {
      options.order = hosts::PlacementOrder::by_host;
    } else if (order == "ppr") {
      const std::string number = next < words.size() ? words[next++] : std::string();
      const std::string of = next < words.size() ? words[next++] : std::string();
      const auto applied = apply_ppr(number + ":" + of, "--map-by ppr", options);
      if (!applied) return applied.failure();
    } else if (order == "seq") {
      options.notes.push_back("--map-by seq is as --map-by slot: hosts are taken in their order");
    } else if (is_part_of_a_host(order.substr(0, order.find('=')))) {
      options.notes.push_back(
          fmt::format("--map-by {} is as --map-by slot: ranks are placed by host", order));
    } else {
      return Failure{Errc::invalid_argument,
                     fmt::format("--map-by: '{}' is not understood; slot, node and ppr:N:node are, "
                                 "for example: --map-by node",
                                 order)};
    }
  }
  for (; next < words.size(); ++next) {
    const auto applied = apply_modifier(words[next], text, options);
    if (!applied) return applied.failure();
  }
  return core::Done{};
}

core::Status apply_bind_to(const std::string& text, RunOptions& options) {
  const std::string word = lower(text.substr(0, text.find(':')));
  options.bind_to_core = word == "core";
  if (word == "none" || word == "core") return core::Done{};
  if (!is_part_of_a_host(word)) {
    return Failure{Errc::invalid_argument,
                   fmt::format("--bind-to: '{}' is not understood; none and core are, for example: "
                               "--bind-to core",
                               text)};
  }
  options.notes.push_back(
      fmt::format("--bind-to {} has no effect: ranks are bound to cores, or not at all", text));
  return core::Done{};
}

}  // namespace prun::cli
