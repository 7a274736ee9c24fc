#include "launcher/doctor/table.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "launcher/hosts/host_words.hpp"

namespace prun::doctor {
namespace {

constexpr std::string_view unknown = "-";
// More columns than this are no matrix that a terminal shows.
constexpr std::size_t widest_matrix = 12;

std::string or_unknown(const std::string& text) {
  return text.empty() ? std::string(unknown) : text;
}

using Row = std::vector<std::string>;

// Columns as wide as their widest word. The last word of a row is as long as it is, and widens none.
std::string aligned(const std::vector<Row>& rows) {
  std::vector<std::size_t> widths;
  for (const Row& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i + 1 < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string text;
  for (const Row& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) line += fmt::format("{:<{}}  ", row[i], widths[i]);
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  }
  return text;
}

// The kind alone: which key it is stands in the JSON.
std::string key_words(const HostFacts& host) {
  if (host.key.empty()) return host.local || host.trouble ? "" : "ok";
  std::vector<std::string> words;
  std::string_view rest = host.key;
  while (!rest.empty()) {
    const std::size_t end = rest.find(' ');
    words.emplace_back(rest.substr(0, end));
    rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
  }
  return words.size() < 2 ? "ok" : words[1];
}

std::string memory_words(const HostFacts& host) {
  if (host.memory_kb == 0) return {};
  const double gigabytes = static_cast<double>(host.memory_kb) / (1024 * 1024);
  return gigabytes < 1 ? fmt::format("{} MB", host.memory_kb / 1024)
                       : fmt::format("{:.1f} GB", gigabytes);
}

std::string agent_words(const HostFacts& host) {
  if (host.local) return "own";
  switch (host.agent) {
    case AgentState::kept:
      return "there";
    case AgentState::will_be_sent:
      return "to be sent";
    case AgentState::not_available:
      return "none fits";
    case AgentState::unknown:
      break;
  }
  return {};
}

std::string clock_words(const HostFacts& host) {
  if (!host.clock) return {};
  const double ahead = std::chrono::duration<double>(host.clock->ahead).count();
  const double error = std::chrono::duration<double>(host.clock->error).count();
  if (std::abs(ahead) < 1 && error < 1)
    return fmt::format("{:+.1f} +-{:.1f} ms", ahead * 1e3, error * 1e3);
  return fmt::format("{:+.1f} +-{:.1f} s", ahead, error);
}

std::string link_words(const HostFacts& host) {
  if (!host.interface) return {};
  std::string words = host.interface->name;
  if (host.interface->wireless) words += " Wi-Fi";
  if (host.interface->mbit) words += fmt::format(" {} Mbit/s", *host.interface->mbit);
  if (!host.interface->duplex.empty()) words += " " + host.interface->duplex;
  return words;
}

std::string power_words(const HostFacts& host) {
  std::string words;
  if (host.power) words = host.power->bits == 0 ? "good" : fmt::format("{:#x}", host.power->bits);
  if (host.celsius) words += fmt::format("{}{:.0f} C", words.empty() ? "" : " ", *host.celsius);
  return words;
}

std::string login_words(const HostFacts& host) {
  if (host.local) return "this machine";
  std::string words = host.noise.empty() ? "quiet" : "prints";
  if (host.login_time) {
    const double seconds = std::chrono::duration<double>(*host.login_time).count();
    words += fmt::format(" {:.2f} s", seconds);
  }
  return words;
}

std::string program_words(const Examination& examination, std::size_t host) {
  bool is_noted = false;
  for (const auto& word : examination.program_words) {
    if (std::find(word.hosts.begin(), word.hosts.end(), host) == word.hosts.end()) {
      // Nobody knows for which host it failed.
      if (word.fails && word.hosts.empty()) return {};
      continue;
    }
    if (word.fails) return "fails";
    is_noted = true;
  }
  return is_noted ? "runs, see below" : "runs";
}

std::string host_table(const Examination& examination) {
  std::vector<Row> rows{{"host", "address", "port", "key", "login", "machine", "kernel", "cores",
                         "memory", "agent", "clock", "link", "power"}};
  const bool any_power =
      std::any_of(examination.hosts.begin(), examination.hosts.end(),
                  [](const HostFacts& host) { return !power_words(host).empty(); });
  if (!any_power) rows.front().pop_back();
  const bool any_program = !examination.program.empty();
  if (any_program) rows.front().emplace_back("program");
  for (std::size_t i = 0; i < examination.hosts.size(); ++i) {
    const HostFacts& host = examination.hosts[i];
    std::string address = host.address;
    if (address.empty() && !host.addresses.empty()) address = host.addresses.front();
    Row row{hosts::name_of(host.host), or_unknown(address),
            host.port == 0 ? std::string(unknown) : std::to_string(host.port)};
    if (host.trouble) {
      row.push_back("cannot be used: " + host.trouble->id);
      rows.push_back(std::move(row));
      continue;
    }
    for (std::string& words : std::vector<std::string>{
             key_words(host), login_words(host), host.machine, host.kernel,
             host.cores == 0 ? "" : std::to_string(host.cores), memory_words(host),
             agent_words(host), clock_words(host), link_words(host)})
      row.push_back(or_unknown(words));
    if (any_power) row.push_back(or_unknown(power_words(host)));
    if (any_program) row.push_back(or_unknown(program_words(examination, i)));
    rows.push_back(std::move(row));
  }
  return aligned(rows);
}

const PairFacts* find_pair(const Examination& examination, std::size_t from, std::size_t to) {
  for (const auto& pair : examination.pairs) {
    if ((pair.first == from && pair.second == to) || (pair.first == to && pair.second == from))
      return &pair;
  }
  return nullptr;
}

double rate(const PairFacts& pair, std::size_t from) {
  return 8e-6 * (pair.first == from ? pair.there_bytes_per_second : pair.back_bytes_per_second);
}

std::string rate_words(double mbit) {
  return fmt::format("{:.{}f}", mbit, mbit < 9.95 ? 1 : 0);
}

std::string pair_list(const Examination& examination) {
  std::vector<Row> rows{{"links", "", "round trip", "there", "back"}};
  for (const auto& pair : examination.pairs) {
    rows.push_back({hosts::name_of(examination.hosts[pair.first].host),
                    hosts::name_of(examination.hosts[pair.second].host),
                    fmt::format("{:.2f} ms", pair.round_trip_seconds * 1e3),
                    rate_words(rate(pair, pair.first)) + " Mbit/s",
                    rate_words(rate(pair, pair.second)) + " Mbit/s"});
  }
  return aligned(rows);
}

std::string matrix(const Examination& examination, const std::vector<std::size_t>& hosts) {
  std::vector<Row> rows{{"Mbit/s (round trip in ms)"}};
  for (const auto to : hosts)
    rows[0].push_back(fmt::format("to {}", hosts::name_of(examination.hosts[to].host)));
  for (const auto from : hosts) {
    Row row{fmt::format("from {}", hosts::name_of(examination.hosts[from].host))};
    for (const auto to : hosts) {
      const PairFacts* const pair = find_pair(examination, from, to);
      row.push_back(pair == nullptr ? std::string(unknown)
                                    : fmt::format("{} ({:.2f})", rate_words(rate(*pair, from)),
                                                  pair->round_trip_seconds * 1e3));
    }
    rows.push_back(std::move(row));
  }
  return aligned(rows);
}

std::string links_text(const Examination& examination) {
  std::vector<std::size_t> hosts;
  for (std::size_t i = 0; i < examination.hosts.size(); ++i) {
    if (std::any_of(examination.pairs.begin(), examination.pairs.end(),
                    [i](const auto& pair) { return pair.first == i || pair.second == i; }))
      hosts.push_back(i);
  }
  std::string text = hosts.size() == 2 || hosts.size() > widest_matrix ? pair_list(examination)
                                                                       : matrix(examination, hosts);
  if (examination.pairs.size() < examination.all_pairs) {
    text += fmt::format("{} of {} links were measured, each host's with some others.\n",
                        examination.pairs.size(), examination.all_pairs);
  }
  return text;
}

std::string finding_text(const Examination& examination, const Finding& finding) {
  std::vector<std::string> names;
  for (const auto host : finding.hosts)
    names.push_back(hosts::name_of(examination.hosts[host].host));
  return fmt::format(
      "{}{}{}{}\n    {}\n", finding.severity == Severity::failure ? "FAILURE  " : "warning  ",
      fmt::join(names, ", "), names.empty() ? "" : ": ", finding.sentence, finding.repair);
}

std::string verdict(const Examination& examination, const std::vector<Finding>& findings) {
  const auto failures = std::count_if(findings.begin(), findings.end(), [](const auto& finding) {
    return finding.severity == Severity::failure;
  });
  const auto warnings = static_cast<std::ptrdiff_t>(findings.size()) - failures;
  const std::size_t hosts = examination.hosts.size();
  const std::string looked = fmt::format("{} host{}", hosts, hosts == 1 ? "" : "s");
  if (findings.empty()) return looked + ": all is well\n";
  return fmt::format("{}: {} failure{}, {} warning{}\n", looked, failures, failures == 1 ? "" : "s",
                     warnings, warnings == 1 ? "" : "s");
}

}  // namespace

std::string table_text(const Examination& examination, const std::vector<Finding>& findings) {
  std::string text = host_table(examination);
  if (!examination.pairs.empty()) text += fmt::format("\n{}", links_text(examination));
  if (!findings.empty()) text += "\n";
  for (const auto& finding : findings) text += finding_text(examination, finding);
  return text + "\n" + verdict(examination, findings);
}

}  // namespace prun::doctor
