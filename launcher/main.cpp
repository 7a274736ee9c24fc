// The prun command: `prun agent` serves a launcher on its host, anything else is a run.
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <fmt/format.h>
#include <asio/io_context.hpp>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <string_view>
#include <utility>
#include <variant>

#include "launcher/agent/agent_main.hpp"
#include "launcher/agent/host_facts.hpp"
#include "launcher/cli/command_line.hpp"
#include "launcher/cli/environment.hpp"
#include "launcher/cli/exit_status.hpp"
#include "launcher/cli/hosts_named.hpp"
#include "launcher/doctor/doctor.hpp"
#include "launcher/hosts/local_host.hpp"
#include "launcher/hosts/placement.hpp"
#include "launcher/job/job.hpp"
#include "launcher/job/plan_text.hpp"
#include "launcher/job/port_room.hpp"
#include "launcher/job/restarts.hpp"
#include "launcher/keys/keys.hpp"
#include "launcher/ssh/kept_connections.hpp"
#include "launcher/stage/agent_binary.hpp"
#include "launcher/stage/clear.hpp"
#include "launcher/system/descriptor_limit.hpp"

namespace {

using namespace prun;

// A descriptor below 3 that we open for ourselves would be taken for a standard one.
void hold_standard_descriptors() {
  for (int fd = 0; fd < 3; ++fd) {
    if (::fcntl(fd, F_GETFD) < 0) ::open("/dev/null", fd == 0 ? O_RDONLY : O_WRONLY);
  }
}

void ignore(int number) {
  struct sigaction action {};
  action.sa_handler = SIG_IGN;
  ::sigaction(number, &action, nullptr);
}

int fail(const std::string& text) {
  std::fprintf(stderr, "prun: %s\n", text.c_str());
  return cli::exit_own_failure;
}

int print(const cli::Printout& printout) {
  std::fputs(printout.text.c_str(), printout.is_error ? stderr : stdout);
  return printout.exit_status;
}

std::string own_path() {
  std::error_code error;
  const auto path = std::filesystem::read_symlink("/proc/self/exe", error);
  // A binary that was replaced while it runs has no name any more, and is still there.
  return error || !std::filesystem::exists(path, error) ? "/proc/self/exe" : path.string();
}

// Where the user believes to be: PWD keeps the links of the path, which other hosts may have too.
std::string working_directory(const std::vector<std::string>& environment) {
  struct stat here {};
  struct stat named {};
  const auto logical = cli::value_in(environment, "PWD");
  if (logical && logical->starts_with('/') && ::stat(".", &here) == 0 &&
      ::stat(logical->c_str(), &named) == 0 && here.st_dev == named.st_dev &&
      here.st_ino == named.st_ino) {
    return *logical;
  }
  std::error_code error;
  return std::filesystem::current_path(error).string();
}

std::string own_name() {
  char name[256] = "localhost";
  ::gethostname(name, sizeof name - 1);
  return name;
}

// False if a program is left without any.
bool leave_out_this_machine(std::vector<hosts::PlacedProgram>& programs) {
  const auto machine = hosts::describe_this_machine();
  for (auto& program : programs) {
    const auto here = hosts::which_are_this_machine(program.hosts, machine, hosts::resolve_name,
                                                    std::chrono::seconds(2));
    std::vector<hosts::Host> others;
    for (std::size_t i = 0; i < here.size(); ++i) {
      if (!here[i]) others.push_back(program.hosts[i]);
    }
    if (others.empty() && (!program.hosts.empty() || &program == &programs.front())) return false;
    program.hosts = std::move(others);
  }
  return true;
}

// Hosts that got no rank may be needed in the place of others.
void keep_in_reserve(const std::vector<hosts::PlacedProgram>& programs,
                     std::vector<hosts::Host>& hosts) {
  for (const auto& program : programs) {
    for (const auto& host : program.hosts) {
      const bool known = std::any_of(hosts.begin(), hosts.end(), [&](const auto& one) {
        return one.name == host.name && one.user == host.user && one.port == host.port;
      });
      if (!known) hosts.push_back(host);
    }
  }
}

// "-" and "+" as mpirun has them; else a file.
bool write_pid(const std::string& target) {
  std::FILE* const own = target == "-" ? stdout : target == "+" ? stderr : nullptr;
  std::FILE* const file = own != nullptr ? own : std::fopen(target.c_str(), "we");
  if (file == nullptr) return false;
  const bool written = std::fprintf(file, "%ld\n", static_cast<long>(::getpid())) > 0;
  const bool flushed = (own != nullptr ? std::fflush(file) : std::fclose(file)) == 0;
  return written && flushed;
}

int run(const cli::RunOptions& options, const std::vector<std::string>& environment) {
  hosts::PlacementRules rules;
  rules.order = options.order;
  rules.oversubscribe = options.oversubscribe;
  rules.own_name = own_name();
  rules.own_cores = agent::usable_cores();
  std::vector<hosts::PlacedProgram> programs;
  for (const auto& program : options.programs)
    programs.push_back({program.hosts, program.placement});
  if (options.nolocal && !leave_out_this_machine(programs)) {
    return fail(
        "--nolocal leaves no host to run on; name others, for example: -H rpi2,rpi3 --nolocal");
  }
  auto placed = hosts::place(programs, rules);
  if (!placed.ok()) return fail(placed.failure().text);
  auto placement = std::move(placed).value();
  if (options.input_rank >= placement.host_of_rank.size()) {
    return fail(fmt::format("--stdin {}: the last rank of this job is {}", options.input_rank,
                            placement.host_of_rank.size() - 1));
  }

  if (options.min_hosts) keep_in_reserve(programs, placement.hosts);

  job::JobPlan plan;
  plan.options = options;
  if (options.tune) plan.options.programs.front().command = {own_path() + "-tune"};
  plan.placed_programs = std::move(programs);
  plan.rules = rules;
  plan.host_of_rank = std::move(placement.host_of_rank);
  plan.program_of_rank = std::move(placement.program_of_rank);
  plan.own_path = own_path();
  plan.agent_folders = stage::agent_folders(plan.own_path);
  plan.agents = stage::find_agents(plan.agent_folders);
  plan.environment = environment;
  plan.descriptor_limit = system::raise_descriptor_limit();
  plan.directory = working_directory(environment);
  const auto here = placement.local ? std::vector<bool>(placement.hosts.size(), true)
                                    : hosts::which_are_this_machine(
                                          placement.hosts, hosts::describe_this_machine(),
                                          hosts::resolve_name, std::chrono::seconds(2));
  for (std::size_t i = 0; i < placement.hosts.size(); ++i)
    plan.hosts.push_back({placement.hosts[i], here[i]});

  if (const auto crowded = job::too_few_ports(options.ports, plan.hosts, plan.host_of_rank);
      !crowded.empty()) {
    return fail(crowded);
  }
  if (const auto many = job::too_many_restarts(options.restarts, plan.host_of_rank.size());
      !many.empty()) {
    return fail(many);
  }
  if (options.dry_run) {
    std::fputs(job::plan_text(plan).c_str(), stdout);
    return 0;
  }
  const bool logs_in = std::any_of(plan.hosts.begin(), plan.hosts.end(),
                                   [](const auto& host) { return !host.local; });
  if (logs_in && options.keeps_connections)
    plan.kept_connections = ssh::KeptConnections::open(environment);
  if (options.shows_plan) std::fputs(job::plan_text(plan).c_str(), stderr);
  if (!options.pid_file.empty() && !write_pid(options.pid_file))
    return fail("--report-pid: cannot write " + options.pid_file + ": " + std::strerror(errno));

  asio::io_context io(1);
  job::Job job(io, std::move(plan));
  return job.run();
}

// Of the commands that have a help of their own.
bool wants_help(const std::vector<std::string>& words) {
  return !words.empty() && (words.front() == "-h" || words.front() == "--help");
}

// `prun doctor`, and the jobs that it starts itself.
int examine(const std::vector<std::string>& words, const std::vector<std::string>& environment) {
  auto order = doctor::parse_order(words);
  if (wants_help(words)) {
    std::fputs(doctor::help_text().c_str(), stdout);
    return 0;
  }
  const bool examines = order.kind == doctor::Order::Kind::examine;
  auto parsed = cli::parse(order.arguments, environment,
                           examines ? cli::ProgramNeed::optional : cli::ProgramNeed::required);
  if (const auto* printout = std::get_if<cli::Printout>(&parsed)) return print(*printout);
  auto options = std::get<cli::RunOptions>(std::move(parsed));
  if (!examines) {
    doctor::prepare_run(order.kind, options);
    return run(options, environment);
  }
  doctor::Tools tools;
  tools.options = std::move(options);
  tools.own_path = own_path();
  tools.agent_folders = stage::agent_folders(tools.own_path);
  tools.agents = stage::find_agents(tools.agent_folders);
  utsname own{};
  if (::uname(&own) == 0) tools.machine = own.machine;
  system::raise_descriptor_limit();
  return doctor::run_doctor(tools);
}

// `prun hosts`: the connections kept for the next run.
int kept_hosts(const std::vector<std::string>& words, const std::vector<std::string>& environment) {
  if (words == std::vector<std::string>{"--close"}) {
    ssh::KeptConnections::close_all(environment);
    return 0;
  }
  if (!words.empty()) {
    return fail(
        "'prun hosts' lists the ssh connections that are kept, and 'prun hosts --close' "
        "ends them; '" +
        words.front() +
        "' is neither (a program of that name: prun -- "
        "hosts)");
  }
  for (const auto& name : ssh::KeptConnections::living(environment))
    std::printf("%s\n", name.c_str());
  return 0;
}

int set_up_keys(const std::vector<std::string>& words,
                const std::vector<std::string>& environment) {
  if (wants_help(words)) {
    std::fputs(keys::help_text().c_str(), stdout);
    return 0;
  }
  const auto parsed = cli::parse(words, environment, cli::ProgramNeed::optional);
  if (const auto* printout = std::get_if<cli::Printout>(&parsed)) return print(*printout);
  const auto& options = std::get<cli::RunOptions>(parsed);
  if (!options.programs.front().command.empty()) {
    return fail("'prun keys' takes no program, and here is '" +
                options.programs.front().command.front() +
                "'; for example: prun keys -H rpi1,rpi2");
  }
  if (cli::hosts_named(options).empty())
    return fail("no host given; for example: prun keys -H rpi1,rpi2");
  return keys::run_keys(options, environment);
}

}  // namespace

int main(int argc, char** argv) {
  hold_standard_descriptors();
  if (argc > 1 && std::string_view(argv[1]) == "agent")
    return agent::agent_main(argc - 2, argv + 2);

  ignore(SIGPIPE);
  const auto environment = cli::own_environment();
  std::vector<std::string> arguments(argv + 1, argv + argc);
  if (argc > 1 && arguments.front() == "hosts")
    return kept_hosts({arguments.begin() + 1, arguments.end()}, environment);
  if (argc > 1 && arguments.front() == "keys")
    return set_up_keys({arguments.begin() + 1, arguments.end()}, environment);
  if (argc > 1 && arguments.front() == "cache") {
    auto order = stage::parse_clear({arguments.begin() + 1, arguments.end()});
    if (!order.problem.empty()) return fail(order.problem);
    stage::clear_cache(environment);
    if (order.arguments.empty()) return 0;
    arguments = std::move(order.arguments);
  }
  if (argc > 1 && arguments.front() == "doctor")
    return examine({arguments.begin() + 1, arguments.end()}, environment);
  const auto parsed = cli::parse(arguments, environment);
  if (const auto* printout = std::get_if<cli::Printout>(&parsed)) {
    return print(*printout);
  }
  return run(std::get<cli::RunOptions>(parsed), environment);
}
