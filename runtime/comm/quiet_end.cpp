#include "runtime/comm/quiet_end.hpp"

#include <prun/error.hpp>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <exception>

namespace prun::detail {
namespace {

std::atomic<bool> job_ends{false};
std::terminate_handler before = nullptr;

[[noreturn]] void terminate() {
  if (const auto uncaught = std::current_exception(); uncaught && job_ends) {
    try {
      std::rethrow_exception(uncaught);
    } catch (const Error& error) {
      if (error.code() == Errc::peer_lost) {
        std::fflush(nullptr);
        std::_Exit(EXIT_FAILURE);
      }
    } catch (...) {
    }
  }
  if (before != nullptr) before();
  std::abort();
}

}  // namespace

void end_quietly_when_the_job_does() {
  before = std::set_terminate(terminate);
}

void note_that_the_job_ends() noexcept {
  job_ends = true;
}

}  // namespace prun::detail
