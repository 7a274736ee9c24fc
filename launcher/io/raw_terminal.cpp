#include "launcher/io/raw_terminal.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <csignal>

namespace prun::io {
namespace {

// Settings may be changed by whoever is in the foreground; another is stopped for it, but not while
// it blocks the signal.
void set(int descriptor, const termios& settings) {
  sigset_t stop;
  sigset_t before;
  sigemptyset(&stop);
  sigaddset(&stop, SIGTTOU);
  ::pthread_sigmask(SIG_BLOCK, &stop, &before);
  ::tcsetattr(descriptor, TCSADRAIN, &settings);
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

}  // namespace

std::optional<WindowSize> window_size() {
  for (const int descriptor : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    winsize size{};
    if (::ioctl(descriptor, TIOCGWINSZ, &size) == 0) return WindowSize{size.ws_row, size.ws_col};
  }
  return std::nullopt;
}

void RawTerminal::take(int descriptor) {
  if (descriptor_ >= 0 || ::tcgetpgrp(descriptor) != ::getpgrp()) return;
  if (::tcgetattr(descriptor, &before_) != 0) return;
  termios raw = before_;
  ::cfmakeraw(&raw);
  raw.c_oflag = before_.c_oflag;  // prun's own lines end as usual
  set(descriptor, raw);
  descriptor_ = descriptor;
}

void RawTerminal::restore() {
  if (descriptor_ < 0) return;
  set(descriptor_, before_);
  descriptor_ = -1;
}

}  // namespace prun::io
