#include "launcher/agent/libraries.hpp"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <string_view>

#include "launcher/agent/preflight.hpp"
#include "launcher/system/descriptor.hpp"
#include "launcher/system/elf.hpp"
#include "launcher/system/spawn.hpp"

namespace prun::agent {
namespace {

constexpr std::size_t most_words = 64 * 1024;

std::string words_of(int fd) {
  std::string words;
  std::array<char, 4096> buffer{};
  while (words.size() < most_words) {
    const ssize_t got = ::read(fd, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    words.append(buffer.data(), static_cast<std::size_t>(got));
  }
  return words;
}

}  // namespace

std::vector<std::string> missing_in(const std::string& words) {
  std::vector<std::string> missing;
  const auto add = [&missing](std::string name) {
    if (std::find(missing.begin(), missing.end(), name) == missing.end())
      missing.push_back(std::move(name));
  };
  for (std::size_t at = 0; at < words.size();) {
    const std::size_t end = std::min(words.find('\n', at), words.size());
    const std::string line = words.substr(at, end - at);
    at = end + 1;
    // "\tlibfoo.so.1 => not found", "x: /lib/libc.so.6: version `GLIBC_2.38' not found (required by x)"
    if (const auto arrow = line.find(" => not found"); arrow != std::string::npos) {
      const std::size_t start = line.find_first_not_of(" \t");
      add(line.substr(start, arrow - start));
    } else if (const auto version = line.find("version `"); version != std::string::npos) {
      const std::size_t name = version + std::string_view("version `").size();
      const std::size_t quote = line.find('\'', name);
      if (quote != std::string::npos && line.find("not found", quote) != std::string::npos)
        add(line.substr(name, quote - name));
    }
  }
  return missing;
}

std::vector<std::string> missing_libraries(const std::string& program,
                                           const std::vector<std::string>& environment) {
  if (system::elf_target(program).empty() || system::elf_loader(program).empty()) return {};
  int pipe[2];
  if (::pipe2(pipe, O_CLOEXEC) != 0) return {};
  const system::Descriptor reader(pipe[0]);
  system::Descriptor writer(pipe[1]);
  const system::Descriptor nothing(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  system::SpawnRequest request;
  request.path = program;
  request.arguments = {program};
  request.environment = environment;
  // The loader lists what it would load and runs nothing of the program.
  request.environment.push_back("LD_TRACE_LOADED_OBJECTS=1");
  request.stdin_fd = nothing.get();
  request.stdout_fd = writer.get();
  request.stderr_fd = writer.get();
  const auto pid = system::spawn(request);
  if (!pid.ok()) return {};
  writer.reset();
  const std::string words = words_of(reader.get());
  ::kill(pid.value(), SIGKILL);
  while (::waitpid(pid.value(), nullptr, 0) < 0 && errno == EINTR) {
  }
  return missing_in(words);
}

}  // namespace prun::agent
