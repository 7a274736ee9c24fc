#include "launcher/agent/preflight.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>

#include "launcher/agent/libraries.hpp"
#include "launcher/agent/mpi_program.hpp"
#include "launcher/system/elf.hpp"
#include "launcher/system/environment.hpp"
#include "launcher/system/files.hpp"
#include "launcher/system/search_path.hpp"
#include "launcher/system/spawn.hpp"

namespace prun::agent {
namespace {

using bootstrap::AgentProblem;
using system::describe;
using system::Elf;
using system::find_variable;
using system::is_directory;
using system::is_executable_file;
using system::join;
using system::read_elf;
using system::read_file;
using system::search_path;

constexpr std::uint8_t cannot_execute = 126;
constexpr std::uint8_t not_found = 127;

AgentProblem problem(std::uint8_t status, std::string text) {
  for (char& letter : text) {
    if (letter == '\n' || letter == '\r') letter = ' ';
  }
  return {status, std::move(text)};
}

std::string home_directory(const std::vector<std::string>& environment) {
  if (const char* home = find_variable(environment, "HOME"); home != nullptr && is_directory(home))
    return home;
  return "/";
}

struct Interpreter {
  std::string path;
  std::string argument;
};

std::optional<Interpreter> read_interpreter(const std::string& path) {
  std::string line = read_file(path, 256);
  if (!line.starts_with("#!")) return std::nullopt;
  line = line.substr(2, line.find('\n') - 2);
  const auto trim = [](const std::string& text) {
    const std::size_t first = text.find_first_not_of(" \t");
    const std::size_t last = text.find_last_not_of(" \t");
    return first == std::string::npos ? std::string() : text.substr(first, last - first + 1);
  };
  line = trim(line);
  const std::size_t space = line.find_first_of(" \t");
  if (space == std::string::npos) return Interpreter{line, {}};
  return Interpreter{line.substr(0, space), trim(line.substr(space))};
}

// The name that `#!/usr/bin/env NAME` will look for; empty for any other first line.
std::string name_given_to_env(const Interpreter& interpreter) {
  if (!interpreter.path.ends_with("/env")) return {};
  std::string_view rest = interpreter.argument;
  if (rest.starts_with("-S")) rest.remove_prefix(2);
  while (rest.starts_with(' ')) rest.remove_prefix(1);
  const auto word = rest.substr(0, rest.find_first_of(" \t"));
  if (word.starts_with('-') || word.find('=') != std::string_view::npos) return {};
  return std::string(word);
}

AgentProblem why_not_executable(const std::string& typed, const std::string& path, int error) {
  const std::string cannot = "cannot run " + typed + ": ";
  const auto elf = read_elf(path);
  if (error == ENOEXEC && elf) {
    const auto own = read_elf("/proc/self/exe");
    std::string text = cannot + "it is built for " + describe(*elf) + ", this host is " +
                       (own ? describe(*own) : std::string("another"));
    const auto architecture = own ? system::architecture_of(*own) : std::string_view();
    if (!architecture.empty() && architecture != system::architecture_of(*elf))
      text += "; build it for that too, and say --map " + std::string(architecture) + "=FILE";
    return problem(cannot_execute, std::move(text));
  }
  if (error == ENOENT && elf) {
    return problem(cannot_execute, cannot + "its loader " + system::elf_loader(path) +
                                       " is not there; it is built for another system (" +
                                       describe(*elf) + ")");
  }
  if (error == ETXTBSY)
    return problem(cannot_execute, cannot + "somebody is still writing to it (" + path + ")");
  return problem(cannot_execute,
                 cannot + std::generic_category().message(error) + " (" + path + ")");
}

}  // namespace

Check check_program(const bootstrap::Program& program, const std::vector<std::string>& environment,
                    const std::string& sent) {
  Runnable runnable;
  runnable.arguments = program.arguments;
  runnable.directory = program.directory;
  const std::string& typed = program.arguments.front();
  const std::string cannot = "cannot run " + typed + ": ";

  std::string instead_of;  // the folder wanted, where the home folder stands in for it
  if (runnable.directory.empty()) runnable.directory = home_directory(environment);
  if (!is_directory(runnable.directory)) {
    if (program.directory_required) {
      return problem(125, "the working directory " + runnable.directory +
                              " is not there (--wdir); make it: mkdir -p " + runnable.directory);
    }
    const std::string home = home_directory(environment);
    runnable.notes.push_back("the folder " + runnable.directory + " is not there, ranks run in " +
                             home);
    instead_of = std::exchange(runnable.directory, home);
  }
  if (::access(runnable.directory.c_str(), X_OK) != 0) {
    return problem(
        125, "the working directory " + runnable.directory + " may not be entered by this user");
  }

  if (typed.empty()) return problem(not_found, "the program's name is empty");
  if (!sent.empty()) {
    runnable.path = sent;
    if (::access(sent.c_str(), X_OK) != 0)
      return problem(cannot_execute, cannot + "it is not executable (chmod +x " + typed + ")");
  } else if (typed.find('/') == std::string::npos) {
    if (!program.search_path.empty())
      runnable.path = system::search_folders(program.search_path, runnable.directory, typed);
    if (runnable.path.empty()) runnable.path = search_path(environment, runnable.directory, typed);
    if (runnable.path.empty()) {
      std::string cure = "install it there, or type the path that it has";
      if (is_executable_file(join(runnable.directory, typed))) {
        cure = runnable.directory + " has: type ./" + typed;
      } else if (!search_path(environment, runnable.directory, typed + "3").empty()) {
        cure = typed + "3 is there";  // python, of tutorials from before Debian 11
      }
      return problem(not_found, cannot + "no folder of PATH has it; " + cure);
    }
  } else {
    runnable.path = join(runnable.directory, typed);
    struct stat info {};
    if (::stat(runnable.path.c_str(), &info) != 0) {
      const int error = errno;
      if (error != ENOENT && error != ENOTDIR) {
        return problem(cannot_execute, cannot + std::generic_category().message(error));
      }
      std::string where;
      if (!typed.starts_with('/')) {
        where = " (in " + runnable.directory;
        if (!instead_of.empty()) where += ", as the folder " + instead_of + " is not there";
        where += ")";
      }
      return problem(not_found, cannot + "it is not there" + where);
    }
    if (S_ISDIR(info.st_mode)) return problem(cannot_execute, cannot + "it is a folder");
    if (!S_ISREG(info.st_mode)) return problem(cannot_execute, cannot + "it is not a file");
    if (::access(runnable.path.c_str(), X_OK) != 0) {
      return problem(cannot_execute, cannot + "it is not executable (chmod +x " + typed + ")");
    }
  }

  if (const auto interpreter = read_interpreter(runnable.path)) {
    if (!is_executable_file(join(runnable.directory, interpreter->path))) {
      const bool dos = interpreter->path.ends_with('\r') || interpreter->argument.ends_with('\r');
      return problem(
          not_found,
          cannot + (dos ? std::string("its lines end as in a Windows file (sed -i 's/\\r$//' ") +
                              typed + ")"
                        : "its first line asks for " + interpreter->path +
                              ", which is not there; install it, or change that line"));
    }
    const std::string name = name_given_to_env(*interpreter);
    if (!name.empty() && search_path(environment, runnable.directory, name).empty()) {
      return problem(not_found,
                     cannot + "its first line asks for " + name +
                         ", which no folder of PATH has; install it, or change that line");
    }
  }

  if (const auto library = mpi_library_of(runnable.path); !library.empty())
    runnable.notes.push_back(mpi_note(typed, library));

  const int error = system::try_execute(runnable.path);
  if (error == ENOEXEC && !read_elf(runnable.path)) {
    // A script without a first line: what a shell does with it.
    runnable.arguments.insert(runnable.arguments.begin(), {"/bin/sh"});
    runnable.arguments[1] = runnable.path;
    runnable.path = "/bin/sh";
    return runnable;
  }
  if (error > 0) return why_not_executable(typed, runnable.path, error);
  // The user's own programs; asking takes as long as starting, and those of the system have theirs.
  if (!sent.empty() || typed.find('/') != std::string::npos) {
    std::string missing;
    for (const auto& library : missing_libraries(runnable.path, environment))
      missing += (missing.empty() ? "" : ", ") + library;
    if (!missing.empty()) {
      return problem(cannot_execute,
                     cannot + "it needs " + missing +
                         ", which this host has not: install the library there, or link the "
                         "program statically");
    }
  }
  return runnable;
}

}  // namespace prun::agent
