#include "launcher/system/spawn.hpp"

#include <fcntl.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>

namespace prun::system {
namespace {

enum class Step : int { begin, directory, execute };

struct Report {
  Step step;
  int error;
};

std::string words(int error) {
  return std::generic_category().message(error);
}

std::vector<char*> pointers(const std::vector<std::string>& values) {
  std::vector<char*> out;
  out.reserve(values.size() + 1);
  for (const auto& value : values) out.push_back(const_cast<char*>(value.c_str()));
  out.push_back(nullptr);
  return out;
}

// As sched_setaffinity takes it; empty: nothing to set.
std::vector<cpu_set_t> mask_of(const std::vector<int>& processors) {
  if (processors.empty()) return {};
  const auto last =
      static_cast<std::size_t>(*std::max_element(processors.begin(), processors.end()));
  std::vector<cpu_set_t> masks(last / CPU_SETSIZE + 1);
  const std::size_t bytes = masks.size() * sizeof(cpu_set_t);
  CPU_ZERO_S(bytes, masks.data());
  for (const int processor : processors)
    CPU_SET_S(static_cast<std::size_t>(processor), bytes, masks.data());
  return masks;
}

// From here to the exec only async-signal-safe calls: the launcher has threads when it forks.

void default_signals() {
  struct sigaction action {};
  action.sa_handler = SIG_DFL;
  for (int number = 1; number < NSIG; ++number) ::sigaction(number, &action, nullptr);
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

void close_on_exec_from(unsigned first) {
#ifdef SYS_close_range
  constexpr unsigned cloexec_flag = 4;  // CLOSE_RANGE_CLOEXEC
  if (::syscall(SYS_close_range, first, ~0U, cloexec_flag) == 0) return;
#endif
  // Kernels before 5.11. Our own descriptors are few and low.
  for (int fd = static_cast<int>(first); fd < 4096; ++fd) ::fcntl(fd, F_SETFD, FD_CLOEXEC);
}

[[noreturn]] void give_up(int report_fd, Step step) {
  const Report report{step, errno};
  [[maybe_unused]] const auto written = ::write(report_fd, &report, sizeof report);
  ::_exit(127);
}

[[noreturn]] void become(const SpawnRequest& request, char* const* arguments,
                         char* const* environment, const std::vector<cpu_set_t>& processors,
                         pid_t parent, int report_fd) {
  if (request.has_terminal) {
    ::setsid();
  } else {
    ::setpgid(0, 0);
  }
  if (request.death_signal != 0) {
    ::prctl(PR_SET_PDEATHSIG, request.death_signal);
    if (::getppid() != parent) ::_exit(127);  // it died before the line above
  }
  if (::dup2(request.stdin_fd, 0) < 0 || ::dup2(request.stdout_fd, 1) < 0 ||
      ::dup2(request.stderr_fd, 2) < 0) {
    give_up(report_fd, Step::begin);
  }
  if (request.has_terminal && ::ioctl(0, TIOCSCTTY, 0) != 0) give_up(report_fd, Step::begin);
  if (!request.directory.empty() && ::chdir(request.directory.c_str()) != 0)
    give_up(report_fd, Step::directory);
  close_on_exec_from(3);
  for (const int fd : request.keep_fds) {
    if (::fcntl(fd, F_SETFD, 0) != 0) give_up(report_fd, Step::begin);
  }
  if (request.descriptor_limit) ::setrlimit(RLIMIT_NOFILE, &*request.descriptor_limit);
  if (!processors.empty() &&
      ::sched_setaffinity(0, processors.size() * sizeof(cpu_set_t), processors.data()) != 0) {
    give_up(report_fd, Step::begin);
  }
  default_signals();
  ::execve(request.path.c_str(), arguments, environment);
  give_up(report_fd, Step::execute);
}

// fork() with every signal held back, so that no handler of the parent ever runs in the child.
template <class Child>
pid_t fork_quietly(Child child) {
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  const pid_t pid = ::fork();
  if (pid == 0) child();
  const int error = errno;
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  errno = error;
  return pid;
}

void wait_for(pid_t pid, int* status) {
  while (::waitpid(pid, status, 0) < 0 && errno == EINTR) {
  }
}

}  // namespace

core::Result<Begun> begin(const SpawnRequest& request) {
  const auto arguments = pointers(request.arguments);
  const auto environment = pointers(request.environment);
  int report[2];
  if (::pipe2(report, O_CLOEXEC) != 0)
    return core::Failure{Errc::resource, "cannot make a pipe: " + words(errno)};
  const pid_t parent = ::getpid();
  const auto processors = mask_of(request.processors);
  const pid_t pid = fork_quietly([&] {
    become(request, arguments.data(), environment.data(), processors, parent, report[1]);
  });
  const int fork_error = errno;
  ::close(report[1]);
  Descriptor reader(report[0]);
  if (pid < 0) return core::Failure{Errc::resource, "cannot start a process: " + words(fork_error)};
  // So does the child; whoever comes first, its group is there when this returns. The leader of a
  // group could begin no session.
  if (!request.has_terminal) ::setpgid(pid, pid);
  return Begun{pid, StartReport(std::move(reader), request)};
}

core::Status StartReport::wait() {
  if (!pipe_) return core::Done{};
  Report failed{};
  ssize_t got = 0;
  while ((got = ::read(pipe_.get(), &failed, sizeof failed)) < 0 && errno == EINTR) {
  }
  pipe_.reset();
  if (got != static_cast<ssize_t>(sizeof failed)) return core::Done{};
  const std::string cause = words(failed.error);
  switch (failed.step) {
    case Step::directory:
      return core::Failure{Errc::resource, "cannot go to " + directory_ + ": " + cause};
    case Step::execute:
      return core::Failure{Errc::resource, "cannot execute " + path_ + ": " + cause};
    case Step::begin:
      break;
  }
  return core::Failure{Errc::resource, "cannot set up a process: " + cause};
}

core::Result<pid_t> spawn(const SpawnRequest& request) {
  auto begun = begin(request);
  if (!begun.ok()) return begun.failure();
  const auto started = begun.value().report.wait();
  if (started.ok()) return begun.value().pid;
  wait_for(begun.value().pid, nullptr);
  return started.failure();
}

int try_execute(const std::string& path) {
  int report[2];
  if (::pipe2(report, O_CLOEXEC) != 0) return -1;
  const pid_t parent = ::getpid();
  const pid_t pid = fork_quietly([&] {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) ::_exit(127);
    default_signals();
    if (::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) != 0) {
      errno = -1;
      give_up(report[1], Step::begin);
    }
    close_on_exec_from(3);
    char name[] = "prun-check";
    char* const arguments[] = {name, nullptr};
    char* const environment[] = {nullptr};
    ::execve(path.c_str(), arguments, environment);
    give_up(report[1], Step::execute);
  });
  ::close(report[1]);
  if (pid < 0) {
    ::close(report[0]);
    return -1;
  }
  int status = 0;
  wait_for(pid, &status);  // stopped by the exec, or gone after its report
  if (WIFSTOPPED(status)) {
    ::kill(pid, SIGKILL);
    wait_for(pid, &status);
  }
  Report failed{};
  const ssize_t got = ::read(report[0], &failed, sizeof failed);
  ::close(report[0]);
  return got == static_cast<ssize_t>(sizeof failed) ? failed.error : 0;
}

}  // namespace prun::system
