#include "launcher/cli/manual.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <vector>

#include "launcher/cli/option_table.hpp"
#include "launcher/cli/spellings.hpp"

namespace prun::cli {
namespace {

constexpr std::array topics{Topic::places,  Topic::supply,   Topic::display, Topic::limits,
                            Topic::network, Topic::settings, Topic::about};

std::vector<const Spelling*> spellings_of(const Option& option) {
  std::vector<const Spelling*> found;
  for (const auto& spelling : spellings()) {
    if (spelling.option == option.name) found.push_back(&spelling);
  }
  return found;
}

// As roff reads it: a hyphen that is typed, and no line that is a request.
std::string roff(std::string_view text) {
  std::string result;
  for (const char c : text) {
    if (c == '-') {
      result += "\\-";
    } else if (c == '\\') {
      result += "\\e";
    } else {
      result += c;
    }
  }
  if (result.starts_with('.') || result.starts_with('\'')) result.insert(0, "\\&");
  return result;
}

std::string roff_of_option(const Option& option) {
  std::string text = fmt::format(".TP\n.B {}\n{}\n", roff(option.usage), roff(option.text));
  std::vector<std::string> also;
  for (const auto* spelling : spellings_of(option)) {
    const std::string typed = as_typed(spelling->written);
    const bool is_shown = fmt::format(" {} ", option.usage).find(typed) != std::string::npos;
    if (!is_shown) also.push_back(roff(typed));
  }
  if (!also.empty()) text += fmt::format("Also: {}.\n", fmt::join(also, ", "));
  return text;
}

std::string in_quotes(std::string_view text) {
  std::string result = "'";
  for (const char c : text) {
    if (c == '\'') {
      result += "'\\''";
    } else {
      result += c;
    }
  }
  return result + "'";
}

// A colon separates the parts of what _arguments reads.
std::string colons_escaped(std::string_view words) {
  std::string result;
  for (const char c : words) {
    if (c == ':') result += '\\';
    result += c;
  }
  return result;
}

// The spellings a shell offers; prun's own come first. Those that are accepted without effect or
// refused are for old scripts and offered to nobody.
std::vector<std::string> offered() {
  std::vector<std::string> words;
  for (const auto& spelling : spellings()) {
    if (spelling.effect == Effect::option) words.push_back(as_typed(spelling.written));
  }
  return words;
}

std::string pattern_of(ValueKind kind) {
  std::vector<std::string> words;
  for (const auto& option : option_table()) {
    if (option.kind != kind) continue;
    for (const auto* spelling : spellings_of(option)) {
      if (spelling->takes == Takes::nothing) continue;
      words.push_back(fmt::format("-{}", spelling->written));
      words.push_back(fmt::format("--{}", spelling->written));
    }
  }
  return fmt::format("{}", fmt::join(words, "|"));
}

}  // namespace

std::string man_page() {
  std::string text = R"(.\" Made from the option table by prun_manual; see docs/testing.md.
.TH PRUN 1 "" "prun" "User commands"
.SH NAME
prun \- start a program many times, here and on other computers over SSH
.SH SYNOPSIS
.B prun
.RI [ options ]
.I program
.RI [ arguments ]
.RB [ :
.RI [ options ]
.I program
.RI [ arguments ]]...
.SH DESCRIPTION
Starts a program several times at once and shows what the copies print.
Each copy is a rank: 0, 1, 2 ...
Without hosts they run on this computer.
Options end at the program's name; a word that is a colon ends its arguments, and options of the next program follow.
Every option is taken with one dash or two, as
.B \-option value
or
.BR \-option=value .
Those of mpiexec and mpirun are understood; what prun has no counterpart for is refused with a line that says what to do.
.SH COMMANDS
A program of such a name is started by
.BR "prun \-\- doctor" .
.TP
.BR "prun doctor" " [options] [program]"
Examines the hosts of
.BR \-H " and " \-\-hostfile ,
or this computer, side by side: login, key, what the login shell prints, processor, kernel, cores, memory, prun's agent, clock, network interface, power and heat of a Raspberry Pi, and names that mislead.
Measures round trip and bandwidth between each two of them, or, of more than 16, a sample.
With a program it also finds out whether that would run.
Each finding comes with a command that repairs it.
Nothing is changed on any host.
.B \-\-json
tells the same for programs,
.B \-\-no\-links
measures no links.
Exit status: 0 all is well, 1 warnings only, 2 a job could not run on one of the hosts, 125 prun itself could not do it.
.TP
.BR "prun keys" " [options]"
Sets up logins without a password for the hosts of
.BR \-H " and " \-\-hostfile :
makes a key where there is none (ssh\-keygen), has ssh show unknown host keys for confirmation, and copies the key to hosts that refuse it (ssh\-copy\-id).
ssh itself asks for passwords; no check of host keys is weakened; a host that works is left as it is.
.B \-\-dry\-run
only shows what would be done.
Exit status: 0 all hosts let you in, 1 some do not, 125 nothing could be done.
.TP
.BR "prun hosts" " [" \-\-close ]
Lists the hosts to which ssh connections are kept for the next run, or ends these.
.TP
.BR "prun cache \-\-clear" " [options]"
Empties what prun keeps of agents, programs and files here and on the hosts of
.BR \-H .
)";
  for (const auto topic : topics) {
    text += fmt::format(".SH {}\n", title_of(topic));
    for (const auto& option : option_table()) {
      if (option.topic == topic) text += roff_of_option(option);
    }
  }
  text += R"(.SH Accepted without effect
So that old command lines go on working;
.B \-v
says why each changes nothing.
.PP
)";
  std::vector<std::string> ignored;
  for (const auto& spelling : spellings()) {
    if (spelling.effect == Effect::ignored) ignored.push_back(roff(as_typed(spelling.written)));
  }
  text += fmt::format("{}.\n", fmt::join(ignored, ", "));
  text += R"(.SH EXAMPLES
.nf
prun \-n 4 ./hello                            4 ranks on this computer
prun \-H rpi1,rpi2,rpi3,rpi4 ./prime 100000   one rank on each of four
prun \-H 'rpi[1\-4]:2' ./prime 100000          two on each
prun \-\-hostfile hosts \-n 8 python3 work.py    8 ranks over the hosts of a file
prun \-n 1 ./master : \-n 3 ./worker           two programs in one job
.fi
.SH EXIT STATUS
That of the first rank to fail, or 128+N if signal N ended it.
123 if every rank waited for a message and none was on its way, 124 if the time limit ended the job, 125 if prun itself could not do it, 126 or 127 if the program cannot be run or found.
.SH SIGNALS
.TP
.B INT, TERM, HUP, QUIT
End the job. Processes of the ranks that handle the signal get it, all others TERM; those that are still there get TERM
after a second and KILL after two. A second one kills at once. The exit status is 128 and the signal's number.
Before QUIT (Ctrl\-\e) ends a job it tells what every rank waits for.
.TP
.B USR1, USR2, WINCH, CONT
Are passed on to every process group of the ranks; so are those of
.BR \-\-forward\-signals .
USR1 also tells what every rank waits for, unless
.B \-\-forward\-signals
names it, and spares ranks that use prun and have no handler for it.
.TP
.B TSTP (Ctrl\-Z)
Stops the ranks, then prun; CONT
.RB ( fg )
continues both.
.PP
In the background prun leaves the terminal's input alone, and is not stopped for it.
A closed standard output ends the job without a word, with status 141.
.SH ENVIRONMENT
.TP
.B PRUN_OPTIONS
Options that come before those of the command line.
.TP
.B MPIEXEC_TIMEOUT, HYDRA_LAUNCHER_EXTRA_ARGS, HYDRA_HOST_FILE, MPIR_CVAR_CH3_PORT_RANGE
As
.BR \-\-timeout ,
.BR \-\-ssh\-args ,
.BR \-\-hostfile " and"
.BR \-\-ports .
.TP
.B PRUN_RANK, PRUN_SIZE, PRUN_LOCAL_RANK, PRUN_HOST, PRUN_INCARNATION
Set for each rank: its number, how many there are, its number on its host, the host's name, how many times it was
started before (\-\-restart).
.SH FILES
.TP
.B ~/.config/prun/prun.conf
Defaults, an option a line:
.BR "hosts = rpi1,rpi2" ,
.BR "user = pi" ,
.BR label .
The command line comes first, then PRUN_OPTIONS, then the file.
.SH SEE ALSO
.BR ssh (1),
.BR ssh_config (5)
)";
  return text;
}

std::string bash_completion() {
  std::string text =
      R"(# bash completion for prun. Made from the option table by prun_manual; see docs/testing.md.
_prun() {
  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]} word i end first=1 own=
  case ${COMP_WORDS[1]} in
    doctor|keys) first=2 ;;
    hosts) first=2 own=--close ;;
    cache) first=2 own=--clear ;;
  esac
  ((COMP_CWORD > 1)) || first=1
  # Behind the program's name its own completion takes over.
  for ((i = first; i < COMP_CWORD; ++i)); do
    word=${COMP_WORDS[i]}
    case $word in
      :) ;;
)";
  text += fmt::format(
      "      {}) ((++i)) ;;\n",
      fmt::join(std::vector{pattern_of(ValueKind::number), pattern_of(ValueKind::text),
                            pattern_of(ValueKind::hosts), pattern_of(ValueKind::file),
                            pattern_of(ValueKind::folder), pattern_of(ValueKind::program),
                            pattern_of(ValueKind::words)},
                "|"));
  text += R"(      -*) ;;
      *)
        # A colon behind it begins the next program.
        for ((end = i; end < COMP_CWORD; ++end)); do
          [[ ${COMP_WORDS[end]} == : ]] && { i=$end; continue 2; }
        done
        if declare -F _command_offset >/dev/null; then
          _command_offset "$i"
        else
          COMPREPLY=($(compgen -f -- "$current"))
        fi
        return ;;
    esac
  done
  case $previous in
)";
  for (const auto& option : option_table()) {
    if (option.kind != ValueKind::words) continue;
    std::vector<std::string> words;
    for (const auto* spelling : spellings_of(option)) {
      if (spelling->takes == Takes::nothing) continue;
      words.push_back(fmt::format("-{}", spelling->written));
      words.push_back(fmt::format("--{}", spelling->written));
    }
    if (words.empty()) continue;
    text += fmt::format("    {}) COMPREPLY=($(compgen -W '{}' -- \"$current\")); return ;;\n",
                        fmt::join(words, "|"), option.words);
  }
  text += fmt::format("    {}) COMPREPLY=($(compgen -A hostname -- \"$current\")); return ;;\n",
                      pattern_of(ValueKind::hosts));
  text += fmt::format("    {}) COMPREPLY=($(compgen -f -- \"$current\")); return ;;\n",
                      pattern_of(ValueKind::file));
  text += fmt::format("    {}) COMPREPLY=($(compgen -d -- \"$current\")); return ;;\n",
                      pattern_of(ValueKind::folder));
  text += fmt::format("    {}) COMPREPLY=($(compgen -c -- \"$current\")); return ;;\n",
                      pattern_of(ValueKind::program));
  text += fmt::format("    {}|{}) return ;;\n", pattern_of(ValueKind::number),
                      pattern_of(ValueKind::text));
  text += fmt::format(R"(  esac
  if [[ $current == -* ]]; then
    COMPREPLY=($(compgen -W '{}' -- "$current") $(compgen -W "$own" -- "$current"))
  elif ((COMP_CWORD == 1)); then
    COMPREPLY=($(compgen -W 'doctor keys hosts cache' -- "$current") $(compgen -c -- "$current") $(compgen -f -- "$current"))
  else
    COMPREPLY=($(compgen -c -- "$current") $(compgen -f -- "$current"))
  fi
}}
complete -o filenames -F _prun prun
)",
                      fmt::join(offered(), " "));
  return text;
}

std::string zsh_completion() {
  std::string text = R"(#compdef prun
# zsh completion for prun. Made from the option table by prun_manual; see docs/testing.md.
# Behind a command of prun's own stand options as behind prun, and its own.
local -a own
if (( CURRENT > 2 )) && [[ $words[2] == (doctor|keys|hosts|cache) ]]; then
  case $words[2] in
    hosts) own=('--close[Closes the ssh connections that are kept]') ;;
    cache) own=('--clear[Empties the cache folders]') ;;
  esac
  shift words
  (( CURRENT-- ))
fi
_arguments -S $own \
)";
  for (const auto& option : option_table()) {
    // _arguments reads colons and brackets.
    std::string about(option.text.substr(0, option.text.find_first_of(".:;,(")));
    std::erase_if(about, [](char c) { return c == '[' || c == ']'; });
    for (const auto* spelling : spellings_of(option)) {
      std::string spec = fmt::format("*{}[{}]", as_typed(spelling->written), about);
      if (spelling->takes != Takes::nothing) {
        switch (option.kind) {
          case ValueKind::file:
            spec += ":file:_files";
            break;
          case ValueKind::folder:
            spec += ":folder:_files -/";
            break;
          case ValueKind::hosts:
            spec += ":hosts:_hosts";
            break;
          case ValueKind::program:
            spec += ":program:_command_names -e";
            break;
          case ValueKind::words:
            spec += fmt::format(":value:({})", colons_escaped(option.words));
            break;
          default:
            spec += ":value:";
            break;
        }
      }
      text += fmt::format("  {} \\\n", in_quotes(spec));
    }
  }
  text +=
      "  '(-):program:_alternative \"commands:command:(doctor keys hosts cache)\" "
      "\"programs:program:_command_names -e\"' \\\n  '*::argument:_normal'\n";
  return text;
}

}  // namespace prun::cli
