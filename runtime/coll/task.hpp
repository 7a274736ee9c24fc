#pragma once

#include <coroutine>
#include <exception>
#include <optional>
#include <utility>

#include "runtime/core/assert.hpp"
#include "runtime/core/result.hpp"

namespace prun::coll {

// A failure on its way out of an algorithm. Thrown by awaiting a transfer that failed; never leaves
// the Task.
class TransferFailed : public std::exception {
 public:
  explicit TransferFailed(core::Failure failure) : failure_(std::move(failure)) {}
  const char* what() const noexcept override { return failure_.text.c_str(); }
  const core::Failure& failure() const noexcept { return failure_; }

 private:
  core::Failure failure_;
};

// A collective algorithm under way: a coroutine that reads as if it blocked and never does. It runs
// inside start(), until it first has to wait, and later inside Endpoint::run_ready. Destroying it
// before it is done withdraws the transfers it waits for. One algorithm may await another's Task.
//
// Arguments of the coroutine are taken by value, so that they live in its frame; what spans point
// to is the caller's.
class [[nodiscard]] Task {
 public:
  struct promise_type {
    Task get_return_object() {
      return Task(std::coroutine_handle<promise_type>::from_promise(*this));
    }
    std::suspend_always initial_suspend() noexcept { return {}; }
    auto final_suspend() noexcept {
      struct ResumeOuter {
        bool await_ready() noexcept { return false; }
        std::coroutine_handle<> await_suspend(std::coroutine_handle<promise_type> self) noexcept {
          const auto waiting = self.promise().outer;
          return waiting ? waiting : std::noop_coroutine();
        }
        void await_resume() noexcept {}
      };
      return ResumeOuter{};
    }
    void return_void() noexcept {}
    void unhandled_exception() noexcept { error = std::current_exception(); }

    std::coroutine_handle<> outer;
    std::exception_ptr error;
  };

  Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Task& operator=(Task&& other) noexcept {
    std::swap(handle_, other.handle_);
    return *this;
  }
  ~Task() {
    if (handle_) handle_.destroy();
  }

  // Runs to the first wait, or to the end. Once.
  void start() { handle_.resume(); }
  bool done() const { return handle_.done(); }

  // What ended it early, once done: null if it went well. A TransferFailed, or what the user's
  // operation threw.
  std::exception_ptr error() const {
    PRUN_ASSERT(done());
    return handle_.promise().error;
  }

  // co_await inner(...): runs the inner algorithm to its end first, and passes on what ended it
  // early.
  auto operator co_await() && noexcept {
    struct RunInner {
      std::coroutine_handle<promise_type> inner;
      bool await_ready() noexcept { return false; }
      std::coroutine_handle<> await_suspend(std::coroutine_handle<> outer) noexcept {
        inner.promise().outer = outer;
        return inner;
      }
      void await_resume() {
        if (inner.promise().error) std::rethrow_exception(inner.promise().error);
      }
    };
    return RunInner{handle_};
  }

 private:
  explicit Task(std::coroutine_handle<promise_type> handle) : handle_(handle) {}

  std::coroutine_handle<promise_type> handle_;
};

}  // namespace prun::coll
