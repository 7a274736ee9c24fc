#include "launcher/cli/command_line.hpp"

#include <CLI/CLI.hpp>
#include <charconv>
#include <cmath>

#include "launcher/cli/dialect.hpp"
#include "launcher/cli/environment.hpp"
#include "launcher/cli/exit_status.hpp"
#include "launcher/cli/help.hpp"
#include "launcher/cli/words.hpp"
#include "launcher/hosts/host_list.hpp"
#include "launcher/hosts/hostfile.hpp"
#include "launcher/hosts/number.hpp"
#include "runtime/core/compression_mode.hpp"
#include "runtime/wire/limits.hpp"

namespace prun::cli {
namespace {

constexpr double longest_wait_seconds = 10.0 * 366 * 24 * 3600;

// How a handler refuses its option's value; CLI11 carries it out of the parse.
[[noreturn]] void refuse(const std::string& text) {
  throw CLI::ValidationError(text);
}

template <class T>
T accepted(core::Result<T> result, const std::string& option) {
  if (!result) refuse(option + ": " + result.failure().text);
  return std::move(result).value();
}

std::uint32_t count_of(const std::string& text, const std::string& option) {
  const auto number = hosts::parse_number(text);
  if (!number || *number == 0 || *number > wire::max_ranks) {
    refuse(option + ": '" + text + "' is not a number of ranks from 1 to " +
           std::to_string(wire::max_ranks) + "; for example: " + option + " 4");
  }
  return *number;
}

std::chrono::milliseconds seconds_of(const std::string& text, const std::string& option) {
  double seconds = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, seconds);
  if (error != std::errc() || stop != end || !(seconds > 0) || seconds > longest_wait_seconds) {
    refuse(option + ": '" + text + "' is not a time in seconds above 0; for example: " + option +
           " 90 or " + option + " 0.5");
  }
  // Rounded up: a limit that was asked for is never none at all.
  return std::chrono::milliseconds(static_cast<std::int64_t>(std::ceil(seconds * 1000)));
}

void append(std::vector<hosts::Host>& to, const std::vector<hosts::Host>& more) {
  to.insert(to.end(), more.begin(), more.end());
}

// The options by the names the dialect gives them. Handlers run in the order typed, so hosts keep
// theirs.
class Parser {
 public:
  explicit Parser(const std::vector<std::string>& environment) : environment_(environment) {
    app_.set_help_flag();
    run_.keeps_connections = value_in(environment, "PRUN_PERSIST").value_or("yes") != "no";
    value("--ranks",
          [this](const std::string& text) { run_.placement.ranks = count_of(text, "-n"); });
    value("--per-host",
          [this](const std::string& text) { run_.placement.per_host = count_of(text, "-N"); });
    value("--hosts", [this](const std::string& text) {
      append(run_.hosts, accepted(hosts::parse_host_list(text), "-H"));
    });
    value("--hostfile", [this](const std::string& text) { append(run_.hosts, read_hosts(text)); });
    value("--variable", [this](const std::string& text) {
      run_.environment.push_back(accepted(resolve_variable(text, environment_), "-x"));
    });
    value("--wdir", [this](const std::string& text) {
      if (text.empty()) refuse("--wdir: the name of the folder is empty");
      run_.directory = text;
    });
    value("--compress", [this](const std::string& text) {
      const auto mode = core::parse_compression_mode(text);
      if (!mode) {
        refuse("--compress: '" + text + "' is none of " + std::string(core::compression_modes) +
               "; for example: --compress=off");
      }
      run_.compression = *mode;
    });
    value("--timeout",
          [this](const std::string& text) { run_.timeout = seconds_of(text, "--timeout"); });
    value("--start-timeout", [this](const std::string& text) {
      run_.start_timeout = seconds_of(text, "--start-timeout");
    });
    value("--ssh-args", [this](const std::string& text) {
      for (auto& word : accepted(split_words(text), "--ssh-args"))
        run_.ssh_arguments.push_back(std::move(word));
    });
    value("--launcher-exec", [this](const std::string& text) {
      if (text.empty()) refuse("--launcher-exec: the name of the program is empty");
      run_.ssh_program = text;
    });
    value("--stage", [this](const std::string& text) { stage(text); });
    value("--bind-to", [this](const std::string& text) {
      if (text != "none") {
        refuse("--bind-to " + text +
               ": prun leaves every rank free to use all cores; leave the option out");
      }
      run_.notes.push_back("--bind-to none has no effect: ranks are never bound to cores");
    });
    flag("--no-persist", [this] { run_.keeps_connections = false; });
    flag("--label", [this] { run_.label = true; });
    flag("--verbose", [this] { ++run_.verbosity; });
    flag("--quiet", [this] { --run_.verbosity; });
    flag("--help", [this] { wants_help_ = true; });
    flag("--version", [this] { wants_version_ = true; });
  }

  ParsedCommandLine parse(const std::vector<std::string>& arguments) {
    auto normalised = normalise(arguments);
    if (!normalised) return error(normalised.failure().text);
    for (const auto& option : normalised.value().ignored) {
      run_.notes.push_back(option + " has no effect: it is how prun works anyway");
    }
    try {
      auto& options = normalised.value().options;
      app_.parse(std::vector<std::string>(options.rbegin(),
                                          options.rend()));  // CLI11 takes them from the back
    } catch (const CLI::Error& refusal) {
      return error(refusal.what());
    }
    if (wants_help_) return Printout{help_text(), 0, false};
    if (wants_version_) return Printout{version_text(), 0, false};
    run_.command = std::move(normalised.value().command);
    if (run_.command.empty() || run_.command.front().empty()) {
      return error(
          "no program given; for example: prun -H rpi1,rpi2,rpi3,rpi4 ./prime 100000, or prun -n 4 "
          "./hello");
    }
    return std::move(run_);
  }

 private:
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
      for (std::size_t at = 0; at <= text.size();) {
        const std::size_t comma = std::min(text.find(',', at), text.size());
        if (comma > at) run_.staged_files.push_back(text.substr(at, comma - at));
        at = comma + 1;
      }
    }
  }

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
  CLI::App app_;
  RunOptions run_;
  bool wants_help_ = false;
  bool wants_version_ = false;
};

}  // namespace

ParsedCommandLine parse(const std::vector<std::string>& arguments,
                        const std::vector<std::string>& environment) {
  return Parser(environment).parse(arguments);
}

}  // namespace prun::cli
