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
#include <utility>

#include "launcher/io/input_head.hpp"
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
  State(int from, Executor executor, Handlers handler_set, Use use,
        std::function<bool()> is_allowed)
      : descriptor(from),
        post(std::move(executor)),
        handlers(std::move(handler_set)),
        may_read(std::move(is_allowed)),
        head(from, use == Use::shared),
        asks_first(use == Use::shared && handlers.offered && ::isatty(from) == 1) {}

  const int descriptor;
  const Executor post;
  const Handlers handlers;
  const std::function<bool()> may_read;
  std::atomic<bool> stopped = false;
  WakeEvent event;

  InputHead head;         // of the thread
  const bool asks_first;  // whether anybody wants what is there
  bool has_offered = false;
  bool has_ended = false;

  std::mutex mutex;
  std::condition_variable changed;
  std::size_t credit = 0;
  std::size_t newly_taken = 0;
  bool is_wanted = false;
  bool asks_again = false;
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

  struct Orders {
    std::size_t credit;
    std::size_t taken;
    bool is_wanted;
    bool asks_again;
  };
  Orders take_orders() {
    const std::lock_guard lock(mutex);
    return {credit, std::exchange(newly_taken, 0), is_wanted, std::exchange(asks_again, false)};
  }

  // Waits for something to do and does it. False: leave.
  bool step(const std::shared_ptr<State>& self) {
    const Orders orders = take_orders();
    head.drop(orders.taken);
    if (orders.asks_again) has_offered = false;
    const std::size_t allowed = std::min(orders.credit, wire::output_chunk_bytes);
    const bool looks =
        allowed != 0 && !has_ended && head.may_show_more() && (!has_offered || orders.is_wanted);
    const bool is_ready = looks && may_read();
    pollfd waited[] = {{event.descriptor(), POLLIN, 0}, {is_ready ? descriptor : -1, POLLIN, 0}};
    const int timeout = looks && !is_ready ? foreground_check_ms : -1;
    if (::poll(waited, 2, timeout) < 0) return true;  // EINTR: no other error is possible here
    if (waited[0].revents != 0) event.drain();
    if (stopped) {
      head.drop(take_orders().taken);
      return false;
    }
    if (waited[1].revents == 0 || !may_read()) return true;
    if (asks_first && !orders.is_wanted) {
      has_offered = true;
      tell(self, handlers.offered);
      return true;
    }
    read_once(self, allowed);
    return true;
  }

  void read_once(const std::shared_ptr<State>& self, std::size_t allowed) {
    auto read = head.read(allowed);
    if (read.again) return;
    // Went to the background in between.
    if (read.error == EIO && !may_read()) return;
    if (read.bytes.empty()) {
      has_ended = true;
      tell(self, handlers.end);
      return;
    }
    has_offered = false;
    {
      const std::lock_guard lock(mutex);
      credit -= read.bytes.size();
      is_wanted = false;
    }
    post([self, bytes = std::move(read.bytes)]() mutable {
      if (!self->stopped && self->handlers.data) self->handlers.data(std::move(bytes));
    });
  }

  void tell(const std::shared_ptr<State>& self, const std::function<void()>& handler) const {
    post([self, &handler] {
      if (!self->stopped && handler) handler();
    });
  }
};

bool may_read_now(int descriptor) {
  const pid_t foreground = ::tcgetpgrp(descriptor);
  return foreground == -1 || foreground == ::getpgrp();
}

InputSource::InputSource(int descriptor, Executor post, Handlers handlers, Use use,
                         std::function<bool()> may_read)
    : state_(std::make_shared<State>(descriptor, std::move(post), std::move(handlers), use,
                                     std::move(may_read))) {
  state_->thread = std::thread([state = state_] { State::run(state); });
}

InputSource::InputSource(int descriptor, Executor post, Handlers handlers, Use use)
    : InputSource(descriptor, std::move(post), std::move(handlers), use,
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

void InputSource::taken(std::size_t bytes) {
  {
    const std::lock_guard lock(state_->mutex);
    state_->newly_taken += bytes;
  }
  state_->event.wake();
}

void InputSource::want() {
  {
    const std::lock_guard lock(state_->mutex);
    state_->is_wanted = true;
  }
  state_->event.wake();
}

void InputSource::ask_again() {
  {
    const std::lock_guard lock(state_->mutex);
    state_->is_wanted = false;
    state_->asks_again = true;
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
