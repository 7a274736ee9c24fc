#include "launcher/doctor/examiner.hpp"

#include <asio/io_context.hpp>

#include <chrono>
#include <memory>

#include "launcher/cli/hosts_named.hpp"
#include "launcher/doctor/host_examination.hpp"
#include "launcher/doctor/probe.hpp"
#include "launcher/doctor/status_line.hpp"
#include "launcher/doctor/trial_runs.hpp"
#include "launcher/hosts/host_words.hpp"
#include "launcher/hosts/local_host.hpp"
#include "launcher/ssh/fan_out.hpp"
#include "launcher/ssh/remote_command.hpp"
#include "launcher/ssh/ssh_command.hpp"

namespace prun::doctor {
namespace {

constexpr std::chrono::seconds lookup_limit{2};
// ssh's own limit ends a connection that does not come; this much later all must have been told.
constexpr std::chrono::milliseconds after_ssh{3000};

std::vector<std::string> login_command(const HostFacts& facts, const Tools& tools,
                                       const std::string& script) {
  if (facts.local) return {"/bin/sh", "-c", "unset SSH_CONNECTION; " + script};
  ssh::SshOptions options{
      tools.options.ssh_program, {"-o", "LogLevel=DEBUG1"}, tools.options.start_timeout};
  options.arguments.insert(options.arguments.end(), tools.options.ssh_arguments.begin(),
                           tools.options.ssh_arguments.end());
  // A connection that is kept would tell nothing of the port, the key and the time a login takes.
  options.avoids_masters = true;
  return ssh::ssh_command(facts.host, options, "exec /bin/sh -c " + ssh::shell_quote(script));
}

// Something beyond this machine's own interface, so that the one towards the cluster is looked at.
std::string address_beyond(const std::vector<HostFacts>& hosts) {
  for (const auto& host : hosts) {
    if (!host.local && !host.addresses.empty()) return host.addresses.front();
  }
  return {};
}

void examine_hosts(std::vector<HostFacts>& hosts, const Tools& tools, StatusLine& status) {
  asio::io_context io(1);
  ssh::FanOut fan_out(tools.options.ssh_window);
  std::vector<std::unique_ptr<HostExamination>> examinations;
  const std::string peer = address_beyond(hosts);
  std::vector<std::string> waiting;
  for (const HostFacts& facts : hosts) waiting.push_back(hosts::name_of(facts.host));
  const auto tell = [&] {
    if (!waiting.empty()) status.say("waiting for " + some_of(waiting));
  };
  tell();
  for (HostFacts& facts : hosts) {
    examinations.push_back(std::make_unique<HostExamination>(io, facts));
    fan_out.enter([&, examination = examinations.back().get()] {
      const std::string script = probe_script(tools.agents, facts.local ? peer : "");
      examination->begin(login_command(facts, tools, script),
                         tools.options.start_timeout + after_ssh, [&] {
                           std::erase(waiting, hosts::name_of(facts.host));
                           tell();
                           fan_out.leave();
                         });
    });
  }
  io.run();
}

}  // namespace

Examination examine(const Tools& tools) {
  Examination examination;
  auto named = cli::hosts_named(tools.options);
  if (named.empty()) named.emplace_back().name = "localhost";
  const auto lookups =
      hosts::look_up(named, hosts::describe_this_machine(), hosts::resolve_name, lookup_limit);
  for (std::size_t i = 0; i < named.size(); ++i) {
    HostFacts facts;
    facts.host = named[i];
    facts.local = lookups[i].is_this_machine;
    facts.addresses = lookups[i].addresses;
    examination.hosts.push_back(std::move(facts));
  }
  StatusLine status;
  examine_hosts(examination.hosts, tools, status);
  if (tools.options.measures_links) {
    status.say("measuring links");
    measure_links(examination, tools);
  }
  examination.program = tools.options.programs.front().command;
  if (!examination.program.empty()) {
    status.say("looking for " + examination.program.front());
    try_program(examination, tools);
  }
  return examination;
}

}  // namespace prun::doctor
