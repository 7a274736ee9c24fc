#include "launcher/cli/command_line.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <optional>
#include <utility>

#include "launcher/cli/dialect.hpp"
#include "launcher/cli/environment.hpp"
#include "launcher/cli/exit_status.hpp"
#include "launcher/cli/help.hpp"
#include "launcher/cli/mca.hpp"
#include "launcher/cli/option_table.hpp"
#include "launcher/cli/output_words.hpp"
#include "launcher/cli/placement_words.hpp"
#include "launcher/cli/settings.hpp"
#include "launcher/cli/values.hpp"
#include "launcher/cli/words.hpp"
#include "launcher/hosts/host_list.hpp"
#include "launcher/hosts/hostfile.hpp"
#include "launcher/hosts/network_wish.hpp"
#include "launcher/hosts/number.hpp"
#include "launcher/stage/architecture.hpp"
#include "runtime/core/compression_mode.hpp"

namespace prun::cli {
namespace {

// How a handler refuses its option's value; CLI11 carries it out of the parse.
[[noreturn]] void refuse(const std::string& text) {
  throw CLI::ValidationError(text);
}

// The value of a Result whose failure names the option already.
template <class T>
T accepted(core::Result<T> result) {
  if (!result) refuse(result.failure().text);
  return std::move(result).value();
}
template <class T>
T accepted(core::Result<T> result, const std::string& option) {
  if (!result) refuse(option + ": " + result.failure().text);
  return std::move(result).value();
}

void append(std::vector<hosts::Host>& to, const std::vector<hosts::Host>& more) {
  to.insert(to.end(), more.begin(), more.end());
}

// The options by the names of the option table. Handlers run in the order typed, so hosts keep
// theirs.
class Parser {
 public:
  Parser(const std::vector<std::string>& environment, ProgramNeed need)
      : environment_(environment), need_(need) {
    app_.set_help_flag();
    run_.keeps_connections = value_in(environment, "PRUN_PERSIST").value_or("yes") != "no";
    add_places();
    add_dead_hosts();
    add_supply();
    add_display();
    add_limits();
    add_network();
    value("--config", [](const std::string&) {});  // read before all others
    flag("--no-config", [] {});
    flag("--show-config", [this] { shows_config_ = true; });
    flag("--tune", [this] { run_.tune = true; });
    flag("--json", [this] { run_.json = true; });
    flag("--no-links", [this] { run_.measures_links = false; });
    flag("--help", [this] { wants_help_ = true; });
    flag("--version", [this] { wants_version_ = true; });
  }

  ParsedCommandLine parse(const std::vector<std::string>& arguments) {
    try {
      auto typed = accepted(normalise(arguments));
      apply_defaults(typed);
      take(typed);
      if (app_file_) take_app_file(*app_file_);
      settle_network();
      settle_losses();
    } catch (const CLI::Error& refusal) {
      return error(refusal.what());
    }
    if (wants_help_) return Printout{help_text(), 0, false};
    if (wants_version_) return Printout{version_text(), 0, false};
    if (shows_config_) return Printout{settings_text(settings_, settings_file_), 0, false};
    if (run_.tune) {
      if (run_.programs.size() > 1 || !run_.programs.front().command.empty())
        return error(tune_takes_no_program());
      spread();
      return std::move(run_);
    }
    if (need_ == ProgramNeed::required && (run_.json || !run_.measures_links)) {
      return error(std::string(run_.json ? "--json" : "--no-links") +
                   " belongs to prun doctor; for example: prun doctor --json -H rpi1,rpi2");
    }
    for (const auto& program : run_.programs) {
      if (need_ == ProgramNeed::optional && run_.programs.size() == 1 && program.command.empty())
        continue;
      if (!program.command.empty() && !program.command.front().empty()) continue;
      return error(run_.programs.size() == 1
                       ? "no program given; for example: prun -H rpi1,rpi2,rpi3,rpi4 ./prime "
                         "100000, or prun -n 4 ./hello"
                       : "a program is missing beside a colon; for example: prun -n 1 ./master : "
                         "-n 3 ./worker");
    }
    if (run_.terminal && run_.input == InputFor::all)
      return error("--tty gives one rank a terminal, and --stdin all gives its input to all");
    spread();
    return std::move(run_);
  }

 private:
  void add_places() {
    value("--ranks", [this](const std::string& text) {
      program().placement.ranks = accepted(count_of(text, "-n"));
    });
    value("--per-host", [this](const std::string& text) {
      program().placement.per_host = accepted(count_of(text, "-N"));
    });
    value("--ppr", [this](const std::string& text) { accepted(apply_ppr(text, "--ppr", run_)); });
    value("--hosts", [this](const std::string& text) {
      append(program().hosts, accepted(hosts::parse_host_list(text), "-H"));
    });
    value("--hostfile",
          [this](const std::string& text) { append(program().hosts, read_hosts(text)); });
    value("--app", [this](const std::string& text) {
      if (app_file_) refuse("--app: one file of programs is enough");
      app_file_ = text;
    });
    value("--map-by", [this](const std::string& text) { accepted(apply_map_by(text, run_)); });
    value("--rank-by", [this](const std::string& text) {
      if (text == "slot") return;
      run_.notes.push_back("--rank-by " + text +
                           " has no effect: ranks are numbered as they are placed (--map-by)");
    });
    flag("--nolocal", [this] { run_.nolocal = true; });
    flag("--oversubscribe", [this] {
      run_.oversubscribe = true;
      run_.tells_oversubscription = false;
    });
    flag("--nooversubscribe", [this] { run_.oversubscribe = false; });
    value("--bind-to", [this](const std::string& text) { accepted(apply_bind_to(text, run_)); });
  }

  void add_dead_hosts() {
    value("--min-hosts", [this](const std::string& text) {
      run_.min_hosts = accepted(count_of(text, "--min-hosts", "hosts"));
    });
    flag("--skip-dead", [this] { run_.min_hosts = run_.min_hosts.value_or(1); });
    value("--wait-hosts", [this](const std::string& text) {
      run_.wait_hosts = accepted(seconds_of(text, "--wait-hosts"));
    });
  }

  void add_supply() {
    value("--variable", [this](const std::string& text) {
      program().environment.push_back(accepted(resolve_variable(text, environment_), "-x"));
    });
    value("--variable-of-all", [this](const std::string& text) {
      environment_of_all_.push_back(accepted(resolve_variable(text, environment_), "-genv"));
    });
    value("--variables", [this](const std::string& text) { pass_on(program().passed_on, text); });
    value("--variables-of-all",
          [this](const std::string& text) { pass_on(passed_on_of_all_, text); });
    value("--forward", [this](const std::string& text) { forward(program().passed_on, text); });
    value("--forward-of-all",
          [this](const std::string& text) { forward(passed_on_of_all_, text); });
    value("--unset-env", [this](const std::string& text) {
      if (text.empty() || text.find('=') != text.npos)
        refuse("--unset-env: '" + text + "' is not the name of a variable");
      program().unset.push_back(text);
    });
    value("--wdir", [this](const std::string& text) {
      if (text.empty()) refuse("--wdir: the name of the folder is empty");
      program().directory = text;
    });
    value("--path", [this](const std::string& text) {
      auto& folders = program().search_path;
      folders += (folders.empty() ? "" : ":") + text;
    });
    value("--map", [this](const std::string& text) { map_processor(text); });
    value("--stage", [this](const std::string& text) { stage(text); });
    value("--stdin", [this](const std::string& text) {
      const auto rank = hosts::parse_number(text);
      if (!rank && text != "all" && text != "none") {
        refuse("--stdin: '" + text + "' is not a rank, all or none; for example: --stdin 0");
      }
      run_.input = rank ? InputFor::rank : text == "all" ? InputFor::all : InputFor::none;
      run_.input_rank = rank.value_or(0);
    });
    flag("--tty", [this] { run_.terminal = true; });
  }

  void add_display() {
    flag("--label", [this] { run_.label = true; });
    value("--prepend-pattern", [this](const std::string& text) { run_.output.pattern = text; });
    flag("--timestamp-output", [this] { run_.output.timestamp = true; });
    value("--output", [this](const std::string& text) { accepted(apply_output(text, run_)); });
    value("--output-from",
          [this](const std::string& text) { accepted(apply_output_from(text, run_)); });
    value("--output-dir", [this](const std::string& text) {
      if (text.empty()) refuse("--output-dir: the name of the folder is empty");
      apply_output_dir(text, run_);
    });
    value("--outfile-pattern", [this](const std::string& text) {
      run_.output.out_file = text;
      run_.output.shows_out = false;
    });
    value("--errfile-pattern", [this](const std::string& text) {
      run_.output.err_file = text;
      run_.output.shows_err = false;
    });
    flag("--merge", [this] { run_.output.merge = true; });
    flag("--raw", [this] { run_.output.raw = true; });
    flag("--sort", [this] { run_.output.sort = true; });
    value("--stream-buffering", [this](const std::string& text) {
      if (text != "0" && text != "1" && text != "2")
        refuse("--stream-buffering: '" + text + "' is none of 0, 1 and 2");
      run_.output.raw = text == "0";
    });
    flag("--print-all-exitcodes", [this] { run_.tells_all_ends = true; });
    value("--report-pid", [this](const std::string& text) {
      if (text.empty()) refuse("--report-pid: the name of the file is empty");
      run_.pid_file = text;
    });
    flag("--dry-run", [this] { run_.dry_run = true; });
    flag("--show-plan", [this] { run_.shows_plan = true; });
    value("--display", [this](const std::string& text) {
      for (const auto& word : parts_of(lower(text), ',')) {
        const std::string what = word.substr(0, word.find(':'));
        if (what == "map" || what == "map-devel" || what == "allocation" || what == "bind") {
          run_.shows_plan = true;
        } else {
          refuse("--display: '" + word + "' is not understood; for example: --display map");
        }
      }
    });
    flag("--timing", [this] { run_.timing = true; });
    flag("--verbose", [this] { ++run_.verbosity; });
    flag("--quiet", [this] { --run_.verbosity; });
  }

  void add_limits() {
    value("--on-failure", [this](const std::string& text) {
      const auto wish = core::parse_on_failure(text);
      if (!wish) {
        refuse("--on-failure: '" + text + "' is none of " + std::string(core::on_failure_words) +
               "; for example: --on-failure=continue");
      }
      on_failure_ = *wish;
    });
    value("--restart", [this](const std::string& text) {
      const auto times = hosts::parse_number(text);
      if (!times || *times > wire::max_ranks) {
        refuse("--restart: '" + text +
               "' is no number of times to start a lost rank again; for example: --restart 3");
      }
      run_.restarts = *times;
    });
    value("--timeout", [this](const std::string& text) {
      run_.timeout = accepted(seconds_of(text, "--timeout"));
    });
    flag("--report-on-timeout", [this] { run_.reports_on_timeout = true; });
    value("--hang-after", [this](const std::string& text) {
      run_.hang_after = accepted(seconds_of(text, "--hang-after"));
    });
    value("--on-deadlock", [this](const std::string& text) {
      if (text == "end") {
        run_.on_deadlock = hang::OnDeadlock::end;
      } else if (text == "report") {
        run_.on_deadlock = hang::OnDeadlock::report;
      } else if (text == "ignore") {
        run_.on_deadlock = hang::OnDeadlock::ignore;
      } else {
        refuse("--on-deadlock: '" + text +
               "' is none of end, report and ignore; for example: --on-deadlock report");
      }
    });
    value("--start-timeout", [this](const std::string& text) {
      run_.start_timeout = accepted(seconds_of(text, "--start-timeout"));
    });
    value("--node-timeout", [this](const std::string& text) {
      run_.node_timeout = accepted(node_timeout_of(text, "--node-timeout"));
    });
    value("--forward-signals", [this](const std::string& text) {
      run_.signals = accepted(signals_of(text, "--forward-signals"));
    });
  }

  void add_network() {
    value("--ssh-args", [this](const std::string& text) {
      for (auto& word : accepted(split_words(text), "--ssh-args"))
        run_.ssh_arguments.push_back(std::move(word));
    });
    flag("--no-persist", [this] { run_.keeps_connections = false; });
    value("--launcher-exec", [this](const std::string& text) {
      if (text.empty()) refuse("--launcher-exec: the name of the program is empty");
      run_.ssh_program = text;
    });
    value("--user", [this](const std::string& text) {
      if (!hosts::is_user_name(text)) refuse("--user: '" + text + "' is not a user name");
      run_.user = text;
    });
    value("--launcher", [](const std::string& text) {
      if (text == "ssh" || text == "rsh") return;
      refuse("--launcher " + text + ": " +
             (text == "fork" ? "leave out the hosts, and ranks are started here without ssh"
                             : "prun starts ranks over ssh; --launcher-exec names another program "
                               "that takes its arguments"));
    });
    value("--compress", [this](const std::string& text) {
      const auto mode = core::parse_compression_mode(text);
      if (!mode) {
        refuse("--compress: '" + text + "' is none of " + std::string(core::compression_modes) +
               "; for example: --compress=off");
      }
      run_.compression = *mode;
    });
    flag("--encrypt", [this] { run_.encrypt = true; });
    value("--mca",
          [this](const std::string& text) { accepted(apply_mca(text, run_, mca_network_)); });
    value("--iface", [this](const std::string& text) {
      for (auto& wish : accepted(hosts::parse_network_wishes(text), "--iface"))
        run_.interfaces.push_back(std::move(wish));
    });
    value("--ports",
          [this](const std::string& text) { run_.ports = accepted(ports_of(text, "--ports")); });
    flag("--show-net", [this] { run_.shows_network = true; });
  }

  template <class Handler>
  void value(const std::string& name, Handler handler) {
    app_.add_option_function<std::string>(name, std::move(handler))
        ->trigger_on_parse()
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  }
  template <class Handler>
  void flag(const std::string& name, Handler handler) {
    app_.add_flag_callback(name, std::move(handler))->trigger_on_parse();
  }

  // What is set elsewhere and not typed. Each is taken by itself, so that a mistake in it can be told
  // with its place. Defaults for hosts are those of the first program, which others share.
  void apply_defaults(const NormalisedArguments& typed_arguments) {
    std::vector<Setting> typed;
    for (const auto& section : typed_arguments.sections) {
      const auto more = as_settings(section.options, "the command line");
      typed.insert(typed.end(), more.begin(), more.end());
    }
    settings_file_ = settings_file(environment_);
    bool wanted = true;
    for (const auto& setting : typed) {
      if (setting.option == "--help" || setting.option == "--version") wanted = false;
      if (setting.option == "--no-config") wanted = false;
      if (setting.option != "--config") continue;
      settings_file_ = setting.value;
      if (!std::ifstream(settings_file_))
        refuse("--config " + setting.value + ": there is no such file");
    }
    if (wanted) {
      const auto of_environment = accepted(settings_of_environment(environment_));
      if (!settings_file_.empty()) settings_ = accepted(read_settings(settings_file_));
      settings_ = not_overridden(settings_, of_environment);
      settings_.insert(settings_.end(), of_environment.begin(), of_environment.end());
      settings_ = not_overridden(settings_, typed);
    }
    run_.programs.emplace_back();
    for (const auto& setting : settings_) {
      std::vector<std::string> words{setting.option};
      if (find_option(setting.option)->kind != ValueKind::none)
        words.insert(words.begin(), setting.value);
      try {
        app_.parse(words);
      } catch (const CLI::Error& refusal) {
        refuse(setting.source + ": " + refusal.what());
      }
    }
    settings_.insert(settings_.end(), typed.begin(), typed.end());
    default_program_ = std::move(run_.programs.back());
    run_.programs.clear();
  }

  void take(NormalisedArguments& normalised) {
    run_.notes.insert(run_.notes.end(), normalised.ignored.begin(), normalised.ignored.end());
    for (auto& section : normalised.sections) {
      run_.programs.push_back(std::exchange(default_program_, {}));
      program().command = std::move(section.command);
      app_.parse(std::vector<std::string>(
          section.options.rbegin(), section.options.rend()));  // CLI11 takes them from the back
    }
  }

  // Its lines stand for what would be typed between colons. Hosts and the like before --app are for
  // all of them, as those of a first program are.
  void take_app_file(const std::string& file) {
    if (run_.programs.size() != 1 || !run_.programs.front().command.empty())
      refuse("--app: the programs stand in the file, and none may be typed beside it");
    std::ifstream in(file);
    if (!in) refuse("--app " + file + ": the file cannot be read");
    std::vector<std::string> arguments;
    for (std::string line; std::getline(in, line);) {
      if (!line.empty() && line.back() == '\r') line.pop_back();
      const auto first = line.find_first_not_of(" \t");
      if (first == line.npos || line[first] == '#') continue;
      const auto words = accepted(split_words(line), "--app " + file);
      if (!arguments.empty()) arguments.emplace_back(":");
      arguments.insert(arguments.end(), words.begin(), words.end());
    }
    if (arguments.empty()) refuse("--app " + file + ": no program stands in it");
    const ProgramOptions before = std::move(run_.programs.front());
    run_.programs.clear();
    app_file_.reset();
    auto normalised = accepted(normalise(arguments));
    take(normalised);
    if (app_file_) refuse("--app " + file + ": such a file cannot name another");
    auto& first = run_.programs.front();
    if (first.hosts.empty()) first.hosts = before.hosts;
    environment_of_all_.insert(environment_of_all_.end(), before.environment.begin(),
                               before.environment.end());
    for (auto& program : run_.programs) {
      if (program.directory.empty()) program.directory = before.directory;
      if (program.search_path.empty()) program.search_path = before.search_path;
      if (program.files_by_processor.empty())
        program.files_by_processor = before.files_by_processor;
      if (!program.passed_on) program.passed_on = before.passed_on;
      program.unset.insert(program.unset.end(), before.unset.begin(), before.unset.end());
    }
  }

  // From settings of the peers, where the options themselves say nothing.
  // A job that starts ranks again goes on meanwhile.
  void settle_losses() {
    if (run_.restarts > 0 && on_failure_ == core::OnFailure::end)
      refuse("--restart and --on-failure=end exclude each other: leave out one of them");
    run_.on_failure =
        on_failure_.value_or(run_.restarts > 0 ? core::OnFailure::go_on : core::OnFailure::end);
  }

  void settle_network() {
    accepted(settle_mca(mca_network_, run_));
    std::vector<std::string> variables = environment_of_all_;
    for (const auto& program : run_.programs)
      variables.insert(variables.end(), program.environment.begin(), program.environment.end());
    const auto ports = value_in(variables, mpich_ports);
    if (ports && !run_.ports.given()) run_.ports = accepted(ports_of(*ports, mpich_ports));
  }

  std::string tune_takes_no_program() const {
    const auto named = std::find_if(run_.programs.begin(), run_.programs.end(),
                                    [](const auto& one) { return !one.command.empty(); });
    return "--tune takes no program, and here is " +
           (named == run_.programs.end() ? "a colon" : "'" + named->command.front() + "'") +
           "; for example: prun --tune -H rpi1,rpi2 (mpirun's --tune FILE has nothing to set here: "
           "leave "
           "it out)";
  }

  // What was said for all programs reaches each of them; what one says itself comes first.
  void spread() {
    for (auto& program : run_.programs) {
      program.environment.insert(program.environment.begin(), environment_of_all_.begin(),
                                 environment_of_all_.end());
      if (!program.passed_on) program.passed_on = passed_on_of_all_;
      for (auto& host : program.hosts) {
        if (host.user.empty()) host.user = run_.user;
      }
    }
  }

  static void pass_on(std::optional<std::vector<std::string>>& list, const std::string& names) {
    if (!list) list.emplace();
    for (auto& name : parts_of(names, ',')) list->push_back(std::move(name));
  }
  static void forward(std::optional<std::vector<std::string>>& list, const std::string& how) {
    if (how == "all") {
      list.reset();
    } else if (!list) {
      list.emplace();
    }
  }

  // A file of one of the three names is written ./auto.
  void stage(const std::string& text) {
    if (text == "off") {
      run_.stage_mode = stage::Mode::off;
    } else if (text == "auto") {
      run_.stage_mode = stage::Mode::automatic;
    } else if (text == "always") {
      run_.stage_mode = stage::Mode::always;
    } else if (text.empty()) {
      refuse("--stage: the name of the file is empty");
    } else {
      for (auto& name : parts_of(text, ',')) {
        if (!name.empty()) run_.staged_files.push_back(std::move(name));
      }
    }
  }

  void map_processor(const std::string& text) {
    const auto equals = text.find('=');
    if (equals == text.npos || equals == 0 || equals + 1 == text.size())
      refuse("--map: '" + text + "' is not ARCH=FILE; for example: --map aarch64=./prime-arm64");
    const auto architecture = stage::architecture_named(lower(text.substr(0, equals)));
    if (!architecture) {
      refuse("--map: '" + text.substr(0, equals) +
             "' is not a processor that prun knows: x86_64, aarch64, armhf, armv6, i686, riscv64");
    }
    auto& files = program().files_by_processor;
    for (const auto& [known, file] : files) {
      if (known == *architecture)
        refuse("--map: " + known + " is " + file + " already, and can not be " +
               text.substr(equals + 1) + " too");
    }
    // A file it is, and nothing to be looked for in PATH.
    std::string file = text.substr(equals + 1);
    if (file.find('/') == file.npos) file = "./" + file;
    files.emplace_back(*architecture, std::move(file));
  }

  // Where options apply that hold for one program.
  ProgramOptions& program() { return run_.programs.back(); }

  // The messages of a hostfile begin with its name and line, as editors and people expect.
  std::vector<hosts::Host> read_hosts(const std::string& file) {
    if (file.empty()) refuse("--hostfile: the name of the file is empty");
    auto read = hosts::read_hostfile(file);
    if (!read) refuse(read.failure().text);
    return std::move(read).value();
  }

  static Printout error(const std::string& text) {
    return Printout{"prun: " + text + "\n", exit_own_failure, true};
  }

  const std::vector<std::string>& environment_;
  ProgramNeed need_;
  CLI::App app_;
  RunOptions run_;
  std::optional<core::OnFailure> on_failure_;
  std::vector<std::string> environment_of_all_;
  std::optional<std::vector<std::string>> passed_on_of_all_;
  std::optional<std::string> app_file_;
  McaNetwork mca_network_;
  ProgramOptions default_program_;  // what the first program begins with
  std::vector<Setting> settings_;
  std::string settings_file_;
  bool shows_config_ = false;
  bool wants_help_ = false;
  bool wants_version_ = false;
};

}  // namespace

ParsedCommandLine parse(const std::vector<std::string>& arguments,
                        const std::vector<std::string>& environment, ProgramNeed need) {
  return Parser(environment, need).parse(arguments);
}

}  // namespace prun::cli
