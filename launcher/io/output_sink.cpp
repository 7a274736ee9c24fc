#include "launcher/io/output_sink.hpp"

#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <climits>
#include <condition_variable>
#include <csignal>
#include <deque>
#include <mutex>
#include <string_view>
#include <thread>
#include <vector>

#include "launcher/io/wake_event.hpp"

namespace prun::io {
namespace {

// Joined into one system call where chunks follow each other.
constexpr std::size_t max_joined_bytes = 64u << 10;
// How long a thread that was told to leave may take; only a write that another process blocked can
// exceed it.
constexpr std::chrono::milliseconds leave_limit{200};

std::size_t index_of(Stream stream) {
  return stream == Stream::out ? 0 : 1;
}

// What may be written at once without blocking after poll said writable: a pipe promises room for
// PIPE_BUF.
std::size_t piece_bytes(int descriptor) {
  struct stat status {};
  const bool is_file = ::fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode);
  return is_file ? max_joined_bytes : PIPE_BUF;
}

}  // namespace

// Shared by owner and thread: a thread stuck in a write may outlive the sink.
struct OutputSink::State {
  struct Item {
    OutputChunk chunk;
    std::function<void()> done;  // a mark in the queue instead of bytes
  };

  State(int out, int err, Executor executor, Handlers handler_set, std::size_t queue_limit)
      : descriptors{out, err},
        post(std::move(executor)),
        handlers(std::move(handler_set)),
        limit(queue_limit) {}

  const std::array<int, 2> descriptors;
  const Executor post;
  const Handlers handlers;
  const std::size_t limit;
  std::atomic<bool> silent = false;  // no handler runs any more

  mutable std::mutex mutex;
  std::condition_variable changed;
  std::deque<Item> queue;
  std::size_t queued = 0;  // bytes not yet written, the ones at the thread included
  bool finishing = false;  // leave when the queue is empty
  bool abandoned = false;  // leave now
  bool has_left = false;
  bool lost_bytes = false;  // something was thrown away because of `abandoned`
  WakeEvent abandon_event;

  std::array<bool, 2> has_failed{};  // of the thread

  std::thread thread;  // of the owner

  static void run(const std::shared_ptr<State>& self) {
    block_signals_here(SIGTTOU);  // `stty tostop` keeps its meaning
    while (self->write_next(self)) {
    }
    const std::lock_guard lock(self->mutex);
    self->has_left = true;
    self->changed.notify_all();
  }

  // Takes what can go out in one go, writes and settles it. False: leave.
  bool write_next(const std::shared_ptr<State>& self) {
    std::vector<Item> items;
    {
      std::unique_lock lock(mutex);
      changed.wait(lock, [this] { return !queue.empty() || finishing || abandoned; });
      if (queue.empty()) return false;
      const Stream stream = queue.front().chunk.stream;
      std::size_t bytes = 0;
      while (!queue.empty() && queue.front().chunk.stream == stream &&
             (items.empty() || bytes + queue.front().chunk.bytes.size() <= max_joined_bytes)) {
        bytes += queue.front().chunk.bytes.size();
        items.push_back(std::move(queue.front()));
        queue.pop_front();
      }
    }
    std::string joined;
    for (auto& item : items) {
      if (items.size() == 1) {
        joined = std::move(item.chunk.bytes);
      } else {
        joined += item.chunk.bytes;
      }
      item.chunk.bytes.clear();
    }
    write_all(self, items.front().chunk.stream, joined);
    {
      const std::lock_guard lock(mutex);
      queued -= joined.size();
    }
    settle(self, std::move(items));
    return true;
  }

  void write_all(const std::shared_ptr<State>& self, Stream stream, std::string_view bytes) {
    const int descriptor = descriptors[index_of(stream)];
    const std::size_t piece = piece_bytes(descriptor);
    while (!bytes.empty() && !has_failed[index_of(stream)]) {
      pollfd waited[] = {{descriptor, POLLOUT, 0}, {abandon_event.descriptor(), POLLIN, 0}};
      if (::poll(waited, 2, -1) < 0) continue;  // EINTR: no other error is possible here
      if (waited[1].revents != 0) {
        const std::lock_guard lock(mutex);
        lost_bytes = true;
        return;
      }
      const ssize_t count = ::write(descriptor, bytes.data(), std::min(bytes.size(), piece));
      if (count >= 0) {
        bytes.remove_prefix(static_cast<std::size_t>(count));
      } else if (errno != EINTR && errno != EAGAIN) {
        has_failed[index_of(stream)] = true;
        post_if_wanted(self, [self, stream, error = errno] {
          if (self->handlers.failed) self->handlers.failed(stream, error);
        });
      }
    }
  }

  void settle(const std::shared_ptr<State>& self, std::vector<Item> items) {
    const auto counts = [](const Item& item) { return item.chunk.credit != 0 || item.done; };
    if (std::none_of(items.begin(), items.end(), counts)) return;
    post_if_wanted(self, [self, settled = std::move(items)] {
      for (const auto& item : settled) {
        if (self->silent) return;
        if (item.chunk.credit != 0 && self->handlers.settled) self->handlers.settled(item.chunk);
        if (item.done) item.done();
      }
    });
  }

  void post_if_wanted(const std::shared_ptr<State>& self, std::function<void()> work) {
    if (silent) return;
    post([self, work = std::move(work)] {
      if (!self->silent) work();
    });
  }
};

OutputSink::OutputSink(int out, int err, Executor post, Handlers handlers, std::size_t limit)
    : state_(std::make_shared<State>(out, err, std::move(post), std::move(handlers), limit)) {
  state_->thread = std::thread([state = state_] { State::run(state); });
}

OutputSink::~OutputSink() {
  stop(std::chrono::milliseconds(0));
}

bool OutputSink::write(OutputChunk chunk) {
  const std::lock_guard lock(state_->mutex);
  state_->queued += chunk.bytes.size();
  state_->queue.push_back(State::Item{std::move(chunk), nullptr});
  state_->changed.notify_all();
  return state_->queued <= state_->limit;
}

std::size_t OutputSink::queued_bytes() const {
  const std::lock_guard lock(state_->mutex);
  return state_->queued;
}

void OutputSink::when_written(std::function<void()> done) {
  const std::lock_guard lock(state_->mutex);
  // Of the stream that is last in line, so that it does not come between chunks that could go
  // together.
  OutputChunk mark;
  if (!state_->queue.empty()) mark.stream = state_->queue.back().chunk.stream;
  state_->queue.push_back(State::Item{std::move(mark), std::move(done)});
  state_->changed.notify_all();
}

bool OutputSink::stop(std::chrono::milliseconds limit) {
  if (!state_->thread.joinable()) return true;
  bool is_clean = false;
  bool has_left = false;
  {
    std::unique_lock lock(state_->mutex);
    state_->finishing = true;
    state_->changed.notify_all();
    const auto left = [this] { return state_->has_left; };
    has_left = state_->changed.wait_for(lock, limit, left);
    if (!has_left) {
      state_->abandoned = true;
      state_->abandon_event.wake();
      state_->changed.notify_all();
      has_left = state_->changed.wait_for(lock, leave_limit, left);
    }
    is_clean = has_left && !state_->lost_bytes;
  }
  state_->silent = true;
  if (has_left) {
    state_->thread.join();
  } else {
    state_->thread.detach();
  }
  return is_clean;
}

bool is_same_destination(int first, int second) {
  struct stat one {};
  struct stat other {};
  return ::fstat(first, &one) == 0 && ::fstat(second, &other) == 0 && one.st_dev == other.st_dev &&
         one.st_ino == other.st_ino;
}

}  // namespace prun::io
