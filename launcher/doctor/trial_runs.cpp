#include "launcher/doctor/trial_runs.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <asio/io_context.hpp>

#include <algorithm>
#include <charconv>
#include <map>
#include <set>

#include "launcher/hosts/host_words.hpp"
#include "launcher/ssh/line_child.hpp"
#include "launcher/ssh/ssh_failure.hpp"

namespace prun::doctor {
namespace {

// A round of pairs takes half a second at 10 Mbit/s; the job's own limit comes first.
constexpr std::chrono::seconds job_limit{120};
constexpr std::chrono::seconds run_limit{150};

struct Run {
  int status = 0;
  std::vector<std::string> lines;
  std::string words;
};

Run run(const std::vector<std::string>& command) {
  Run result;
  asio::io_context io(1);
  ssh::LineChild child(io);
  child.start(
      command, run_limit, [&](std::string_view line) { result.lines.emplace_back(line); },
      [&](const ssh::LineChildEnd& end) {
        const bool exited = end.not_started.empty() && WIFEXITED(end.wait_status);
        result.status = exited ? WEXITSTATUS(end.wait_status) : 125;
        result.words = end.words + end.not_started;
      });
  child.close_input();
  io.run();
  return result;
}

std::string quoted(const std::string& word) {
  std::string text = "'";
  for (const char letter : word) {
    if (letter == '\'') {
      text += "'\\''";
    } else {
      text += letter;
    }
  }
  return text + "'";
}

// What all such runs are told, up to the first hosts.
std::vector<std::string> beginning(const Tools& tools, std::string_view kind) {
  const auto& options = tools.options;
  std::vector<std::string> words{
      tools.own_path,
      "doctor",
      std::string(kind),
      "--no-config",
      "--no-persist",
      "--oversubscribe",
      "--compress=off",
      "--stdin=none",
      fmt::format("--timeout={}", job_limit.count()),
      fmt::format("--start-timeout={}",
                  std::chrono::duration<double>(options.start_timeout).count()),
      "--launcher-exec=" + options.ssh_program};
  if (!options.ssh_arguments.empty()) {
    std::vector<std::string> arguments;
    for (const auto& argument : options.ssh_arguments) arguments.push_back(quoted(argument));
    words.push_back(fmt::format("--ssh-args={}", fmt::join(arguments, " ")));
  }
  for (const auto& wish : options.interfaces) words.push_back("--iface=" + wish.typed);
  if (options.ports.given()) words.push_back("--ports=" + options.ports.text());
  return words;
}

bool is_usable(const HostFacts& host) {
  return !host.trouble && (host.local || host.agent != AgentState::not_available);
}

// Each machine once, whatever names it has.
std::vector<std::size_t> usable_machines(const Examination& examination) {
  std::set<std::pair<std::string, std::uint16_t>> known;
  std::vector<std::size_t> found;
  for (std::size_t i = 0; i < examination.hosts.size(); ++i) {
    const HostFacts& host = examination.hosts[i];
    if (!is_usable(host)) continue;
    // A stand-in for ssh tells no address: then each name counts.
    std::pair<std::string, std::uint16_t> machine{host.address, host.port};
    if (host.local) machine = {"this machine", 0};
    if (machine.first.empty()) machine = {"name " + hosts::as_listed(host.host), 0};
    if (known.insert(machine).second) found.push_back(i);
  }
  return found;
}

bool is_file(const std::string& path) {
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0 && S_ISREG(info.st_mode);
}

// The measuring program that runs there; empty: there is none.
std::string tool_for(const HostFacts& host, const Tools& tools) {
  const std::string own = tools.own_path + "-tune";
  if (host.local || host.machine == tools.machine) return is_file(own) ? own : std::string();
  for (const auto architecture : stage::architectures_for(host.machine)) {
    for (const auto& folder : tools.agent_folders) {
      std::string path = fmt::format("{}/prun-tune-{}", folder, architecture);
      if (is_file(path)) return path;
    }
  }
  return {};
}

// The lines of prun's own, without its name in front.
std::vector<std::string> own_lines(std::string_view words) {
  std::vector<std::string> lines;
  while (!words.empty()) {
    const std::size_t end = words.find('\n');
    std::string_view line = words.substr(0, end);
    words = end == std::string_view::npos ? std::string_view() : words.substr(end + 1);
    for (const std::string_view name : {"prun --tune: ", "prun: "}) {
      if (line.starts_with(name)) line.remove_prefix(name.size());
    }
    if (!line.empty() && line != "nothing was started on any host") lines.emplace_back(line);
  }
  return lines;
}

std::string in_one_line(std::string_view words) {
  return printable(fmt::format("{}", fmt::join(own_lines(words), "; ")), 600);
}

template <class Number>
bool take_number(std::string_view& text, Number& value) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc()) return false;
  text.remove_prefix(static_cast<std::size_t>(stop - text.data()));
  return true;
}

}  // namespace

bool take_pair_line(std::string_view line, const std::vector<std::size_t>& host_of_rank,
                    Examination& examination) {
  constexpr std::string_view word = "pair ";
  if (!line.starts_with(word)) return false;
  line.remove_prefix(word.size());
  PairFacts pair;
  if (!take_number(line, pair.first) || !take_number(line, pair.second) ||
      !take_number(line, pair.round_trip_seconds) ||
      !take_number(line, pair.there_bytes_per_second) ||
      !take_number(line, pair.back_bytes_per_second) || !line.empty() ||
      pair.first >= host_of_rank.size() || pair.second >= host_of_rank.size()) {
    return false;
  }
  pair.first = host_of_rank[pair.first];
  pair.second = host_of_rank[pair.second];
  examination.pairs.push_back(pair);
  return true;
}

void measure_links(Examination& examination, const Tools& tools) {
  std::map<std::string, std::vector<std::size_t>> by_tool;
  std::vector<std::string> order;
  for (const auto host : usable_machines(examination)) {
    const std::string tool = tool_for(examination.hosts[host], tools);
    if (tool.empty()) {
      examination.without_tool.push_back(host);
      continue;
    }
    if (by_tool[tool].empty()) order.push_back(tool);
    by_tool[tool].push_back(host);
  }
  auto command = beginning(tools, links_run);
  std::vector<std::size_t> host_of_rank;
  for (const auto& tool : order) {
    std::vector<std::string> listed;
    for (const auto host : by_tool[tool]) {
      listed.push_back(hosts::as_listed(examination.hosts[host].host));
      host_of_rank.push_back(host);
    }
    if (tool != order.front()) command.emplace_back(":");
    command.insert(command.end(),
                   {"-H", fmt::format("{}", fmt::join(listed, ",")), "-N", "1", tool, "--pairs"});
  }
  const std::size_t machines = host_of_rank.size();
  if (machines < 2) return;
  examination.all_pairs = machines * (machines - 1) / 2;
  const Run result = run(command);
  for (const auto& line : result.lines) take_pair_line(line, host_of_rank, examination);
  std::sort(examination.pairs.begin(), examination.pairs.end(),
            [](const PairFacts& a, const PairFacts& b) {
              return std::pair(a.first, a.second) < std::pair(b.first, b.second);
            });
  if (result.status == 0 && !examination.pairs.empty()) return;
  std::vector<std::string> listed;
  for (const auto host : host_of_rank)
    listed.push_back(hosts::as_listed(examination.hosts[host].host));
  examination.pairs_trouble = Trouble{
      "links",
      fmt::format("a job over {} hosts could not measure the links between them: {}", machines,
                  in_one_line(result.words)),
      fmt::format("is a firewall between them? see: prun -v --tune -H {}", fmt::join(listed, ","))};
}

bool take_program_line(std::string_view line, bool fails, Examination& examination) {
  ProgramWord word;
  word.fails = fails;
  const std::size_t colon = line.find(": ");
  if (colon == std::string_view::npos) return false;
  std::string_view names = line.substr(0, colon);
  while (!names.empty()) {
    const std::size_t end = names.find(", ");
    const std::string_view name = names.substr(0, end);
    names = end == std::string_view::npos ? std::string_view() : names.substr(end + 2);
    const auto found =
        std::find_if(examination.hosts.begin(), examination.hosts.end(),
                     [name](const HostFacts& facts) { return facts.host.name == name; });
    if (found == examination.hosts.end()) return false;
    word.hosts.push_back(static_cast<std::size_t>(found - examination.hosts.begin()));
  }
  word.text = printable(line.substr(colon + 2), 600);
  examination.program_words.push_back(std::move(word));
  return true;
}

void try_program(Examination& examination, const Tools& tools) {
  std::vector<std::string> listed;
  for (const auto& host : examination.hosts) {
    if (is_usable(host)) listed.push_back(hosts::as_listed(host.host));
  }
  if (listed.empty()) return;
  const auto& program = tools.options.programs.front();
  auto command = beginning(tools, program_run);
  command.insert(command.end(), {"-H", fmt::format("{}", fmt::join(listed, ",")), "-N", "1"});
  if (!program.directory.empty()) command.push_back("--wdir=" + program.directory);
  if (!program.search_path.empty()) command.push_back("--path=" + program.search_path);
  if (tools.options.stage_mode == stage::Mode::off) command.emplace_back("--stage=off");
  if (tools.options.stage_mode == stage::Mode::always) command.emplace_back("--stage=always");
  for (const auto& file : tools.options.staged_files) command.push_back("--stage=" + file);
  command.emplace_back("--");
  command.insert(command.end(), program.command.begin(), program.command.end());
  const Run result = run(command);
  bool told = false;
  for (const auto& line : own_lines(result.words))
    told = take_program_line(line, result.status != 0, examination) || told;
  if (result.status == 0 || told) return;
  examination.program_words.push_back({{}, in_one_line(result.words), true});
}

}  // namespace prun::doctor
