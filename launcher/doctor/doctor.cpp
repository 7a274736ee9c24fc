#include "launcher/doctor/doctor.hpp"

#include <cstdio>

#include "launcher/doctor/findings.hpp"
#include "launcher/doctor/json.hpp"
#include "launcher/doctor/table.hpp"
#include "launcher/doctor/trial_runs.hpp"

namespace prun::doctor {

Order parse_order(const std::vector<std::string>& words) {
  Order order;
  order.arguments = words;
  if (words.empty()) return order;
  const std::string& first = words.front();
  if (first == links_run) order.kind = Order::Kind::links_run;
  if (first == program_run) order.kind = Order::Kind::program_run;
  if (order.kind != Order::Kind::examine) order.arguments.erase(order.arguments.begin());
  return order;
}

void prepare_run(Order::Kind kind, cli::RunOptions& options) {
  options.leaves_nothing = true;
  options.checks_only = kind == Order::Kind::program_run;
  options.sends_own_tool = kind == Order::Kind::links_run;
}

int run_doctor(const Tools& tools) {
  const Examination examination = examine(tools);
  const auto findings = find_faults(examination);
  const std::string text =
      tools.options.json ? json_text(examination, findings) : table_text(examination, findings);
  std::fputs(text.c_str(), stdout);
  if (std::fflush(stdout) != 0) return 125;
  return exit_status_of(findings);
}

std::string help_text() {
  return R"(Usage: prun doctor [options] [PROGRAM [arguments]]

Examines the hosts, each by itself and all at once, measures what passes
between each two of them, and tells what is wrong with a command that repairs
it. With PROGRAM it also looks whether that would run. Nothing is changed on any
host and nothing is started there but prun's own measuring.

  prun doctor -H rpi1,rpi2,rpi3,rpi4
  prun doctor --hostfile hosts --json
  prun doctor -H rpi1,rpi2 ./prime

  -H LIST, --hostfile FILE  hosts, as for a job; without any: this computer
  --json                    what was found out for programs to read
  --no-links                does not measure the links
  --start-timeout S         seconds for each host to answer (default: 15)
  --user, --ssh-args, --launcher-exec, --stage, --wdir: as for a job

Exit status: 0 all is well, 1 warnings only, 2 a job could not run on one of the
hosts, 125 prun doctor itself could not do it.
)";
}

}  // namespace prun::doctor
