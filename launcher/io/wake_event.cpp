#include "launcher/io/wake_event.hpp"

#include <pthread.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdint>
#include <system_error>

namespace prun::io {

WakeEvent::WakeEvent() : descriptor_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (descriptor_ < 0) throw std::system_error(errno, std::generic_category(), "eventfd");
}

WakeEvent::~WakeEvent() {
  ::close(descriptor_);
}

void WakeEvent::wake() noexcept {
  const std::uint64_t one = 1;
  // Can only fail when the counter is full, and then the thread is woken already.
  [[maybe_unused]] const ssize_t written = ::write(descriptor_, &one, sizeof one);
}

void WakeEvent::drain() noexcept {
  std::uint64_t count = 0;
  [[maybe_unused]] const ssize_t taken = ::read(descriptor_, &count, sizeof count);
}

void block_signals_here(int except) noexcept {
  sigset_t all;
  sigfillset(&all);
  if (except != 0) sigdelset(&all, except);
  pthread_sigmask(SIG_SETMASK, &all, nullptr);
}

}  // namespace prun::io
