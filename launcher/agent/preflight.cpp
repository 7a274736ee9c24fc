#include "launcher/agent/preflight.hpp"

#include <elf.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>

#include "launcher/agent/files.hpp"
#include "launcher/agent/libraries.hpp"
#include "launcher/agent/mpi_program.hpp"
#include "launcher/agent/rank_environment.hpp"
#include "launcher/agent/spawn.hpp"

namespace prun::agent {
namespace {

using bootstrap::AgentProblem;

constexpr std::uint8_t cannot_execute = 126;
constexpr std::uint8_t not_found = 127;

AgentProblem problem(std::uint8_t status, std::string text) {
  for (char& letter : text) {
    if (letter == '\n' || letter == '\r') letter = ' ';
  }
  return {status, std::move(text)};
}

bool is_directory(const std::string& path) {
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode);
}

bool is_executable_file(const std::string& path) {
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0 && S_ISREG(info.st_mode) &&
         ::access(path.c_str(), X_OK) == 0;
}

std::string join(const std::string& directory, const std::string& name) {
  if (name.starts_with('/')) return name;
  return directory.ends_with('/') ? directory + name : directory + "/" + name;
}

std::string home_directory(const std::vector<std::string>& environment) {
  if (const char* home = find_variable(environment, "HOME"); home != nullptr && is_directory(home))
    return home;
  return "/";
}

struct Elf {
  unsigned char width;  // ELFCLASS32, ELFCLASS64
  unsigned char order;  // ELFDATA2LSB, ELFDATA2MSB
  std::uint16_t machine;

  bool operator==(const Elf&) const = default;
};

std::optional<Elf> read_elf(const std::string& path) {
  const std::string head = read_file(path, 20);
  if (head.size() < 20 || head.compare(0, SELFMAG, ELFMAG) != 0) return std::nullopt;
  const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(head[at]); };
  const bool big = byte(EI_DATA) == ELFDATA2MSB;
  const unsigned machine = big ? byte(18) * 256U + byte(19) : byte(19) * 256U + byte(18);
  return Elf{byte(EI_CLASS), byte(EI_DATA), static_cast<std::uint16_t>(machine)};
}

std::string describe(const Elf& elf) {
  switch (elf.machine) {
    case EM_ARM:
      return "ARM 32-bit (armv6, armv7)";
    case EM_AARCH64:
      return "ARM 64-bit (aarch64)";
    case EM_X86_64:
      return elf.width == ELFCLASS32 ? "x32" : "x86-64";
    case EM_386:
      return "x86 32-bit (i386)";
    case EM_RISCV:
      return elf.width == ELFCLASS32 ? "RISC-V 32-bit" : "RISC-V 64-bit";
    case EM_PPC64:
      return "PowerPC 64-bit";
    case EM_MIPS:
      return "MIPS";
    default:
      return "processor type " + std::to_string(elf.machine);
  }
}

// As --map calls it; empty for those that it does not know.
std::string_view architecture_of(const Elf& elf) {
  switch (elf.machine) {
    case EM_ARM:
      return "armhf";
    case EM_AARCH64:
      return "aarch64";
    case EM_X86_64:
      return "x86_64";
    case EM_386:
      return "i686";
    case EM_RISCV:
      return "riscv64";
    default:
      return {};
  }
}

// The loader an ELF program asks for (PT_INTERP), for messages only.
std::string loader_of(const std::string& path) {
  const std::string head = read_file(path, 4096);
  const std::size_t at = head.find("/ld", 1);
  const std::size_t start = at == std::string::npos ? at : head.rfind('\0', at);
  if (start == std::string::npos) return {};
  return head.c_str() + start + 1;
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
    const auto architecture = own ? architecture_of(*own) : std::string_view();
    if (!architecture.empty() && architecture != architecture_of(*elf))
      text += "; build it for that too, and say --map " + std::string(architecture) + "=FILE";
    return problem(cannot_execute, std::move(text));
  }
  if (error == ENOENT && elf) {
    return problem(cannot_execute, cannot + "its loader " + loader_of(path) +
                                       " is not there; it is built for another system (" +
                                       describe(*elf) + ")");
  }
  if (error == ETXTBSY)
    return problem(cannot_execute, cannot + "somebody is still writing to it (" + path + ")");
  return problem(cannot_execute,
                 cannot + std::generic_category().message(error) + " (" + path + ")");
}

}  // namespace

std::string search_path(const std::vector<std::string>& environment, const std::string& directory,
                        const std::string& name) {
  const char* path = find_variable(environment, "PATH");
  return search_folders(path != nullptr ? path : "/usr/local/bin:/usr/bin:/bin", directory, name);
}

std::string search_folders(std::string_view folders, const std::string& directory,
                           const std::string& name) {
  std::string_view rest = folders;
  for (;;) {
    const std::size_t colon = rest.find(':');
    const std::string folder(rest.substr(0, colon));
    // An empty entry means the working directory.
    std::string candidate = join(join(directory, folder.empty() ? "." : folder), name);
    if (is_executable_file(candidate)) return candidate;
    if (colon == std::string_view::npos) return {};
    rest.remove_prefix(colon + 1);
  }
}

std::string elf_target(const std::string& path) {
  const auto elf = read_elf(path);
  return elf ? describe(*elf) : std::string();
}

std::string elf_loader(const std::string& path) {
  return read_elf(path) ? loader_of(path) : std::string();
}

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
      return problem(125, "the working directory " + runnable.directory + " is not there (--wdir)");
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
  } else if (typed.find('/') == std::string::npos) {
    if (!program.search_path.empty())
      runnable.path = search_folders(program.search_path, runnable.directory, typed);
    if (runnable.path.empty()) runnable.path = search_path(environment, runnable.directory, typed);
    if (runnable.path.empty()) {
      const bool beside = is_executable_file(join(runnable.directory, typed));
      return problem(not_found, cannot + "no folder of PATH has it" +
                                    (beside ? "; " + runnable.directory + " has: type ./" + typed
                                            : std::string()));
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
                        : "its first line asks for " + interpreter->path + ", which is not there"));
    }
    const std::string name = name_given_to_env(*interpreter);
    if (!name.empty() && search_path(environment, runnable.directory, name).empty()) {
      return problem(not_found,
                     cannot + "its first line asks for " + name + ", which no folder of PATH has");
    }
  }

  if (const auto library = mpi_library_of(runnable.path); !library.empty())
    runnable.notes.push_back(mpi_note(typed, library));

  const int error = try_execute(runnable.path);
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
