#include "bench/resources.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <fstream>
#include <string>
#include <string_view>
#include <thread>

#include "bench/pattern.hpp"

namespace prun::bench {

namespace {

double seconds_of(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
}

// Of all threads of this process, in user mode and in the kernel.
double processor_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime);
}

constexpr std::size_t ways_of_waiting = 3;
using Shares = std::array<double, ways_of_waiting>;

// Rank 0 is late, rank 1 waits for it.
class Waiting {
 public:
  Waiting(Backend& backend, double seconds) : backend_(backend), late_(seconds) {}

  // Each returns the share of one processor that the wait took, at rank 1.
  double in_recv() {
    return wait([this] { receive([this] { backend_.recv(data_, 0); }); }, [this] { send(); });
  }
  double in_wait() {
    return wait(
        [this] {
          receive([this] {
            backend_.irecv(data_, 0);
            backend_.wait_all();
          });
        },
        [this] { send(); });
  }
  double in_barrier() {
    return wait([this] { backend_.barrier(); }, [this] { backend_.barrier(); });
  }

 private:
  template <class Waiter, class Late>
  double wait(Waiter waiter, Late late) {
    backend_.barrier();
    const auto start = Clock::now();
    const double used_before = processor_seconds();
    if (backend_.rank() == 0) {
      std::this_thread::sleep_for(late_);
      late();
      return 0;
    }
    waiter();
    const double waited = seconds_since(start);
    // Half of the time is enough to know; much less means that it did not wait for rank 0.
    if (waited < late_.count() / 2) {
      throw VerificationError("idle: a wait for what was not there yet ended early");
    }
    return (processor_seconds() - used_before) / waited;
  }

  template <class Receive>
  void receive(Receive receive) {
    fill_other(data_, 1);
    receive();
    check_pattern(data_, 1, "idle");
  }
  void send() {
    fill_pattern(data_, 1);
    backend_.send(data_, 1);
  }

  Backend& backend_;
  std::chrono::duration<double> late_;
  std::array<std::byte, 8> data_{};
};

// Ranks beyond the pair only take part in the barriers.
Shares wait_in_every_way(Context& context) {
  Backend& backend = context.backend;
  Waiting waiting(backend, context.settings.budget_seconds);
  if (backend.rank() > 1) {
    backend.barrier();
    backend.barrier();
    return {0, 0, waiting.in_barrier()};
  }
  const double in_recv = waiting.in_recv();
  const double in_wait = waiting.in_wait();
  return {in_recv, in_wait, waiting.in_barrier()};
}

// The value of "Name:   123 kB" in bytes, 0 where there is none.
double memory_line(const char* path, std::string_view name) {
  constexpr double bytes_of_kib = 1024;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with(name) && line.size() > name.size() && line[name.size()] == ':') {
      return std::stod(line.substr(name.size() + 1)) * bytes_of_kib;
    }
  }
  return 0;
}

void check_allreduce(Backend& backend) {
  std::vector<float> mine(1024 / sizeof(float));
  std::vector<float> sums(mine.size());
  fill_numbers(mine, backend.rank());
  backend.allreduce(mine, sums);
  check_sums(sums, backend.size(), 0, "memory");
}

}  // namespace

Result run_idle(Context& context, std::uint64_t) {
  Backend& backend = context.backend;
  const auto start = Clock::now();
  Shares shares = wait_in_every_way(context);
  const double seconds = seconds_since(start);
  if (backend.rank() == 1) backend.send(std::as_bytes(std::span(shares)), 0);
  Result result;
  if (backend.rank() != 0) return result;
  backend.recv(std::as_writable_bytes(std::span(shares)), 1);
  result.iterations = 1;
  result.time = summarize({seconds / ways_of_waiting});
  result.figures = {{"share_in_recv", shares[0]},
                    {"share_in_wait", shares[1]},
                    {"share_in_barrier", shares[2]},
                    {"largest_share", *std::max_element(shares.begin(), shares.end())}};
  return result;
}

Result run_memory(Context& context, std::uint64_t) {
  Backend& backend = context.backend;
  const auto start = Clock::now();
  backend.barrier();
  check_allreduce(backend);
  const double seconds = seconds_since(start);
  // Resident, and the part of that which falls to this process where pages are shared.
  const std::array<double, 2> mine{memory_line("/proc/self/status", "VmRSS"),
                                   memory_line("/proc/self/smaps_rollup", "Pss")};
  // All have looked before any takes room for the answers.
  backend.barrier();
  std::vector<double> all(mine.size() * static_cast<std::size_t>(backend.size()));
  backend.gather(std::as_bytes(std::span(mine)), std::as_writable_bytes(std::span(all)), 0);
  Result result;
  if (backend.rank() != 0) return result;
  std::vector<double> resident;
  double proportional = 0;
  for (std::size_t i = 0; i < all.size(); i += mine.size()) {
    resident.push_back(all[i]);
    proportional += all[i + 1];
  }
  result.iterations = 1;
  result.time = summarize({seconds});
  result.figures = {{"resident_bytes", *std::max_element(resident.begin(), resident.end())},
                    {"resident_bytes_median", summarize(resident).median},
                    {"proportional_bytes_of_all", proportional}};
  return result;
}

}  // namespace prun::bench
