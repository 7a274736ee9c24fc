#include "launcher/agent/waiting_reader.hpp"

#include <dirent.h>
#include <elf.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "launcher/agent/process_tree.hpp"
#include "launcher/system/descriptor.hpp"
#include "launcher/system/files.hpp"

namespace prun::agent {
namespace {

constexpr std::size_t most_descriptors = 4096;  // in one poll or select

// A system call that a thread stands in.
struct Call {
  long number;
  std::array<unsigned long, 3> arguments;
};

template <std::size_t size>
bool is_one_of(long number, const std::array<long, size>& calls) {
  return std::find(calls.begin(), calls.end(), number) != calls.end();
}

constexpr std::array reads{
    long{SYS_read},
    long{SYS_readv},
    long{SYS_splice},
    long{SYS_tee},
#ifdef SYS_copy_file_range
    long{SYS_copy_file_range},
#endif
};
constexpr std::array polls{
    long{SYS_ppoll},
#ifdef SYS_poll
    long{SYS_poll},
#endif
#ifdef SYS_ppoll_time64
    long{SYS_ppoll_time64},
#endif
};
constexpr std::array selects{
    long{SYS_pselect6},
#ifdef SYS__newselect
    long{SYS__newselect},
#elif defined(SYS_select)
    long{SYS_select},
#endif
#ifdef SYS_pselect6_time64
    long{SYS_pselect6_time64},
#endif
};
constexpr std::array epolls{
    long{SYS_epoll_pwait},
#ifdef SYS_epoll_wait
    long{SYS_epoll_wait},
#endif
#ifdef SYS_epoll_pwait2
    long{SYS_epoll_pwait2},
#endif
};

std::string of_process(pid_t pid, const std::string& name) {
  return "/proc/" + std::to_string(pid) + "/" + name;
}

// Nothing where it cannot be read; errno then says why.
std::optional<std::string> first_bytes_of(const std::string& path, std::size_t most) {
  const system::Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return std::nullopt;
  std::string bytes(most, '\0');
  const ssize_t got = ::read(file.get(), bytes.data(), bytes.size());
  if (got < 0) return std::nullopt;
  bytes.resize(static_cast<std::size_t>(got));
  return bytes;
}

bool is_gone(int error) {
  return error == ENOENT || error == ESRCH;
}

template <class Value>
std::vector<Value> memory_of(pid_t pid, unsigned long address, std::size_t count) {
  std::vector<Value> values(count);
  const iovec here{values.data(), count * sizeof(Value)};
  const iovec there{reinterpret_cast<void*>(address), count * sizeof(Value)};
  const ssize_t got = ::process_vm_readv(pid, &here, 1, &there, 1, 0);
  if (got < 0) values.clear();
  return values;
}

// Descriptors that a thread of the process waits for in that call, for something to read.
std::vector<int> waited_for(pid_t pid, const Call& call) {
  std::vector<int> found;
  if (is_one_of(call.number, reads)) {
    found.push_back(static_cast<int>(call.arguments[0]));
  } else if (is_one_of(call.number, polls)) {
    const std::size_t count = std::min<std::size_t>(call.arguments[1], most_descriptors);
    for (const auto& one : memory_of<pollfd>(pid, call.arguments[0], count)) {
      if ((one.events & POLLIN) != 0) found.push_back(one.fd);
    }
  } else if (is_one_of(call.number, selects) && call.arguments[1] != 0) {
    const std::size_t count = std::min<std::size_t>(call.arguments[0], most_descriptors);
    constexpr std::size_t bits = sizeof(unsigned long) * CHAR_BIT;
    const auto words = memory_of<unsigned long>(pid, call.arguments[1], (count + bits - 1) / bits);
    for (std::size_t i = 0; i < std::min(count, words.size() * bits); ++i) {
      if ((words[i / bits] >> (i % bits) & 1UL) != 0) found.push_back(static_cast<int>(i));
    }
  } else if (is_one_of(call.number, epolls)) {
    const std::string info =
        system::read_file(of_process(pid, "fdinfo/" + std::to_string(call.arguments[0])));
    constexpr std::string_view mark = "tfd:";
    for (auto at = info.find(mark); at != info.npos; at = info.find(mark, at + mark.size()))
      found.push_back(std::atoi(info.c_str() + at + mark.size()));
  }
  return found;
}

bool leads_to(pid_t pid, int descriptor, const std::string& target) {
  std::array<char, 64> link{};
  const auto path = of_process(pid, "fd/" + std::to_string(descriptor));
  const ssize_t length = ::readlink(path.c_str(), link.data(), link.size());
  return length > 0 && std::string_view(link.data(), static_cast<std::size_t>(length)) == target;
}

Waiting thread_waits(pid_t pid, const std::string& thread, const std::string& target) {
  // "0 0x0 0x7f... ", "running", "-1 0x7f..." in no call at all.
  const auto line = first_bytes_of(of_process(pid, "task/" + thread + "/syscall"), 256);
  if (!line) return is_gone(errno) ? Waiting::no : Waiting::unknown;
  const char* rest = line->c_str();
  if (*rest < '0' || *rest > '9') return Waiting::no;
  char* end = nullptr;
  Call call{};
  call.number = std::strtol(rest, &end, 10);
  for (auto& argument : call.arguments) argument = std::strtoul(end, &end, 16);
  for (const int descriptor : waited_for(pid, call)) {
    if (leads_to(pid, descriptor, target)) return Waiting::yes;
  }
  return Waiting::no;
}

Waiting process_waits(pid_t pid, const std::string& target) {
  const std::unique_ptr<DIR, int (*)(DIR*)> folder(::opendir(of_process(pid, "task").c_str()),
                                                   ::closedir);
  if (!folder) return Waiting::no;
  // Numbers of calls and the layout of memory are those of our own kind of program only.
  const auto head = first_bytes_of(of_process(pid, "exe"), EI_NIDENT);
  if (!head) return is_gone(errno) ? Waiting::no : Waiting::unknown;
  if (head->size() < EI_NIDENT ||
      (*head)[EI_CLASS] != (sizeof(void*) == 8 ? ELFCLASS64 : ELFCLASS32))
    return Waiting::unknown;
  Waiting result = Waiting::no;
  while (const dirent* entry = ::readdir(folder.get())) {
    if (entry->d_name[0] == '.') continue;
    const Waiting one = thread_waits(pid, entry->d_name, target);
    if (one == Waiting::yes) return one;
    if (one == Waiting::unknown) result = one;
  }
  return result;
}

}  // namespace

Waiting waiting_reader(pid_t root, int descriptor) {
  struct stat status {};
  if (::fstat(descriptor, &status) != 0) return Waiting::unknown;
  const auto target = "pipe:[" + std::to_string(status.st_ino) + "]";
  auto processes = descendants(root);
  processes.push_back(root);
  Waiting result = Waiting::no;
  for (const pid_t pid : processes) {
    const Waiting one = process_waits(pid, target);
    if (one == Waiting::yes) return one;
    if (one == Waiting::unknown) result = one;
  }
  return result;
}

}  // namespace prun::agent
