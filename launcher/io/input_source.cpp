#include "launcher/io/input_source.hpp"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <limits>
#include <mutex>
#include <thread>

#include "launcher/io/wake_event.hpp"
#include "runtime/wire/limits.hpp"

namespace prun::io {
namespace {

constexpr int foreground_check_ms = 250;
// How long the thread may take to leave; only a read that another process's read left without input
// can exceed it.
constexpr std::chrono::milliseconds leave_limit{200};

}  // namespace

// Shared by owner and thread: a thread stuck in a read may outlive the source.
struct InputSource::State {
  State(int from, Executor executor, Handlers handler_set, std::function<bool()> is_allowed)
      : descriptor(from),
        post(std::move(executor)),
        handlers(std::move(handler_set)),
        may_read(std::move(is_allowed)) {}

  const int descriptor;
  const Executor post;
  const Handlers handlers;
  const std::function<bool()> may_read;
  std::atomic<bool> stopped = false;
  WakeEvent event;

  std::mutex mutex;
  std::condition_variable changed;
  std::size_t credit = 0;
  bool has_left = false;

  std::thread thread;  // of the owner

  static void run(const std::shared_ptr<State>& self) {
    block_signals_here(0);
    while (self->step(self)) {
    }
    const std::lock_guard lock(self->mutex);
    self->has_left = true;
    self->changed.notify_all();
  }

  std::size_t current_credit() {
    const std::lock_guard lock(mutex);
    return credit;
  }

  // Waits for something to do and does it. False: leave.
  bool step(const std::shared_ptr<State>& self) {
    const std::size_t allowed = std::min(current_credit(), wire::output_chunk_bytes);
    const bool is_ready = allowed != 0 && may_read();
    pollfd waited[] = {{event.descriptor(), POLLIN, 0}, {is_ready ? descriptor : -1, POLLIN, 0}};
    const int timeout = allowed != 0 && !is_ready ? foreground_check_ms : -1;
    if (::poll(waited, 2, timeout) < 0) return true;  // EINTR: no other error is possible here
    if (waited[0].revents != 0) event.drain();
    if (stopped) return false;
    if (waited[1].revents == 0 || !may_read()) return true;
    return read_once(self, allowed);
  }

  bool read_once(const std::shared_ptr<State>& self, std::size_t allowed) {
    std::vector<std::byte> bytes(allowed);
    const ssize_t count = ::read(descriptor, bytes.data(), bytes.size());
    if (count > 0) {
      bytes.resize(static_cast<std::size_t>(count));
      {
        const std::lock_guard lock(mutex);
        credit -= bytes.size();
      }
      post([self, taken = std::move(bytes)]() mutable {
        if (!self->stopped && self->handlers.data) self->handlers.data(std::move(taken));
      });
      return true;
    }
    if (count < 0 && (errno == EINTR || errno == EAGAIN)) return true;
    if (count < 0 && errno == EIO && !may_read()) return true;  // went to the background in between
    post([self] {
      if (!self->stopped && self->handlers.end) self->handlers.end();
    });
    return false;
  }
};

bool may_read_now(int descriptor) {
  const pid_t foreground = ::tcgetpgrp(descriptor);
  return foreground == -1 || foreground == ::getpgrp();
}

InputSource::InputSource(int descriptor, Executor post, Handlers handlers,
                         std::function<bool()> may_read)
    : state_(std::make_shared<State>(descriptor, std::move(post), std::move(handlers),
                                     std::move(may_read))) {
  state_->thread = std::thread([state = state_] { State::run(state); });
}

InputSource::InputSource(int descriptor, Executor post, Handlers handlers)
    : InputSource(descriptor, std::move(post), std::move(handlers),
                  [descriptor] { return may_read_now(descriptor); }) {}

InputSource::~InputSource() {
  stop();
}

void InputSource::add_credit(std::size_t bytes) {
  {
    const std::lock_guard lock(state_->mutex);
    state_->credit += std::min(bytes, std::numeric_limits<std::size_t>::max() - state_->credit);
  }
  state_->event.wake();
}

void InputSource::look_again() {
  state_->event.wake();
}

void InputSource::stop() {
  if (!state_->thread.joinable()) return;
  state_->stopped = true;
  state_->event.wake();
  bool has_left = false;
  {
    std::unique_lock lock(state_->mutex);
    has_left = state_->changed.wait_for(lock, leave_limit, [this] { return state_->has_left; });
  }
  if (has_left) {
    state_->thread.join();
  } else {
    state_->thread.detach();
  }
}

}  // namespace prun::io
