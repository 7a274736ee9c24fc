#include "launcher/keys/keys.hpp"

#include <fmt/format.h>
#include <asio/io_context.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>

#include "launcher/cli/exit_status.hpp"
#include "launcher/cli/hosts_named.hpp"
#include "launcher/hosts/host_words.hpp"
#include "launcher/hosts/local_host.hpp"
#include "launcher/keys/login_check.hpp"
#include "launcher/keys/own_keys.hpp"
#include "launcher/keys/steps.hpp"
#include "launcher/keys/terminal_command.hpp"
#include "launcher/ssh/line_child.hpp"
#include "launcher/ssh/ssh_command.hpp"
#include "launcher/system/environment.hpp"

namespace prun::keys {
namespace {

constexpr int exit_some_refuse = 1;
constexpr std::chrono::seconds lookup_limit{2};
constexpr std::chrono::seconds question_limit{10};

void say(const std::string& text) {
  std::printf("%s\n", text.c_str());
  std::fflush(stdout);  // before what a child writes
}

std::string output_of(const std::vector<std::string>& command) {
  asio::io_context io(1);
  ssh::LineChild child(io);
  std::string text;
  child.start(
      command, question_limit, [&](std::string_view line) { (text += line) += '\n'; },
      [](const ssh::LineChildEnd&) {});
  child.close_input();
  io.run();
  return text;
}

// One host on its way.
struct Candidate {
  hosts::Host host;
  LoginCheck check;
  std::vector<Step> done;
};

class KeySetup {
 public:
  KeySetup(const cli::RunOptions& options, const std::vector<std::string>& environment)
      : options_(options), environment_(environment) {
    if (const char* const home = system::find_variable(environment, "HOME"); home != nullptr)
      home_ = home;
  }

  int run() {
    find_candidates();
    if (candidates_.empty()) {
      say("this machine needs no login, and no other host was named");
      return 0;
    }
    check_all();
    if (options_.dry_run) return tell_plan();
    const bool asks = std::any_of(candidates_.begin(), candidates_.end(), [](const auto& one) {
      const Step step = next_step(one.check, one.done);
      return step == Step::confirm_host_key || step == Step::copy_key;
    });
    if (asks && !can_ask(environment_)) {
      std::fputs(
          "prun: keys: there is no terminal on which ssh could ask for confirmation and password; "
          "type it in one, or see what would be done: prun keys --dry-run ...\n",
          stderr);
      return cli::exit_own_failure;
    }
    if (asks && !has_key() && !make_key()) return cli::exit_own_failure;
    for (auto& candidate : candidates_) set_up(candidate);
    return tell_outcome();
  }

 private:
  void find_candidates() {
    const auto named = cli::hosts_named(options_);
    const auto here = hosts::which_are_this_machine(named, hosts::describe_this_machine(),
                                                    hosts::resolve_name, lookup_limit);
    for (std::size_t i = 0; i < named.size(); ++i) {
      if (here[i]) {
        say(hosts::name_of(named[i]) + ": this machine, needs no login");
      } else {
        candidates_.push_back({named[i], {}, {}});
      }
    }
  }

  ssh::SshOptions ssh_options() const {
    ssh::SshOptions options{options_.ssh_program, options_.ssh_arguments, options_.start_timeout};
    // A connection that is kept would get in although the key has gone.
    options.avoids_masters = true;
    return options;
  }

  void check_all() {
    std::vector<hosts::Host> all;
    for (const auto& candidate : candidates_) all.push_back(candidate.host);
    const auto checks = check_logins(all, ssh_options(), options_.ssh_window);
    for (std::size_t i = 0; i < checks.size(); ++i) candidates_[i].check = checks[i];
  }

  // Of any host: which files ssh would try may differ, but to have one at all is what matters here.
  bool has_key() {
    agent_has_keys_ = output_of({"ssh-add", "-L"}).find("ssh-") != std::string::npos;
    return agent_has_keys_ ||
           std::any_of(candidates_.begin(), candidates_.end(),
                       [this](const Candidate& one) { return !key_file(one.host).empty(); });
  }

  std::string key_file(const hosts::Host& host) const {
    std::vector<std::string> command{options_.ssh_program, "-G"};
    command.insert(command.end(), options_.ssh_arguments.begin(), options_.ssh_arguments.end());
    if (host.port != 0) command.insert(command.end(), {"-p", std::to_string(host.port)});
    command.push_back(target(host));
    return first_complete(identity_files(output_of(command), home_));
  }

  std::string new_key_file() const { return home_ + "/.ssh/id_ed25519"; }

  bool make_key() {
    say(fmt::format(
        "You have no ssh key yet; ssh-keygen makes {}. prun cannot ask for a passphrase: "
        "press Enter twice for none, or use ssh-agent.",
        new_key_file()));
    const int status = run_on_terminal({"ssh-keygen", "-t", "ed25519", "-f", new_key_file()});
    if (status == 0) return true;
    std::fprintf(stderr, "prun: keys: ssh-keygen has made no key (exit status %d)\n", status);
    return false;
  }

  void set_up(Candidate& candidate) {
    for (;;) {
      const Step step = next_step(candidate.check, candidate.done);
      if (step == Step::confirm_host_key) {
        confirm_host_key(candidate.host);
      } else if (step == Step::copy_key) {
        copy_key(candidate.host);
      } else {
        return;
      }
      candidate.done.push_back(step);
      candidate.check = check_logins({candidate.host}, ssh_options(), options_.ssh_window).front();
    }
  }

  // As a login by hand: what the user's configuration says of host keys stays in force.
  void confirm_host_key(const hosts::Host& host) const {
    say(fmt::format(
        "{}: its host key is not known here; compare it with what the host itself shows "
        "(there: ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub)",
        hosts::name_of(host)));
    std::vector<std::string> command{options_.ssh_program, "-T", "-x", "-a"};
    command.insert(command.end(), options_.ssh_arguments.begin(), options_.ssh_arguments.end());
    for (const char* option :
         {"BatchMode=no", "ControlMaster=no", "ControlPath=none", "GSSAPIAuthentication=no",
          "PasswordAuthentication=no", "KbdInteractiveAuthentication=no", "LogLevel=ERROR"}) {
      command.insert(command.end(), {"-o", option});
    }
    if (host.port != 0) command.insert(command.end(), {"-p", std::to_string(host.port)});
    command.insert(command.end(), {target(host), "--", "exit 0"});
    run_on_terminal(command);
  }

  void copy_key(const hosts::Host& host) const {
    say(hosts::name_of(host) + ": ssh-copy-id copies our key there; ssh asks for the password");
    std::vector<std::string> command{"ssh-copy-id"};
    const auto arguments = copy_arguments(options_.ssh_arguments);
    command.insert(command.end(), arguments.begin(), arguments.end());
    const bool is_chosen =
        std::any_of(arguments.begin(), arguments.end(),
                    [](const std::string& word) { return word.starts_with("-i"); });
    if (const std::string key = key_file(host); !is_chosen && !agent_has_keys_ && !key.empty())
      command.insert(command.end(), {"-i", key + ".pub"});
    if (host.port != 0) command.insert(command.end(), {"-p", std::to_string(host.port)});
    command.push_back(target(host));
    run_on_terminal(command);
  }

  static std::string target(const hosts::Host& host) {
    return host.user.empty() ? host.name : host.user + "@" + host.name;
  }

  int tell_plan() {
    const bool asks = std::any_of(candidates_.begin(), candidates_.end(), [](const auto& one) {
      return next_step(one.check, {}) != Step::none && next_step(one.check, {}) != Step::give_up;
    });
    if (asks && !has_key()) say(fmt::format("ssh-keygen would make a key: {}", new_key_file()));
    for (const auto& candidate : candidates_)
      say(hosts::name_of(candidate.host) + ": " + plan_words(candidate.check));
    return status();
  }

  int tell_outcome() {
    for (const auto& candidate : candidates_)
      say(hosts::name_of(candidate.host) + ": " + outcome_words(candidate.check, candidate.done));
    return status();
  }

  int status() const {
    return std::all_of(candidates_.begin(), candidates_.end(),
                       [](const auto& one) { return one.check.state == LoginState::works; })
               ? 0
               : exit_some_refuse;
  }

  const cli::RunOptions& options_;
  const std::vector<std::string>& environment_;
  std::string home_;
  std::vector<Candidate> candidates_;
  bool agent_has_keys_ = false;
};

}  // namespace

int run_keys(const cli::RunOptions& options, const std::vector<std::string>& environment) {
  return KeySetup(options, environment).run();
}

std::string help_text() {
  return R"(Usage: prun keys [options] -H LIST

Sets up logins without a password, as one does by hand: makes a key where you
have none (ssh-keygen), has ssh show the keys of hosts that are not known here
for you to confirm, and copies your key to hosts that refuse it (ssh-copy-id). ssh
itself asks for passwords. A host that works is left as it is.

  prun keys -H rpi1,rpi2,pi@rpi3
  prun keys --dry-run --hostfile hosts

  -H LIST, --hostfile FILE  hosts, as for a job
  --dry-run                 only shows what would be done
  --user, --ssh-args, --launcher-exec, --start-timeout: as for a job

Exit status: 0 all hosts let you in, 1 some do not, 125 nothing could be done.
)";
}

}  // namespace prun::keys
