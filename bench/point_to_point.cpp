#include "bench/point_to_point.hpp"

#include <algorithm>
#include <array>

#include "bench/harness.hpp"
#include "bench/pattern.hpp"

namespace prun::bench {

namespace {

class RoundTrip : public Operation {
 public:
  RoundTrip(Backend& backend, std::uint64_t bytes, Payload payload)
      : backend_(backend), payload_(payload), data_(static_cast<std::size_t>(bytes)) {}

  void verify() override {
    const auto seed = static_cast<std::uint64_t>(backend_.rank());
    fill_payload(payload_, data_, seed);
    if (backend_.rank() == 0) backend_.send(data_, 1);
    if (backend_.rank() <= 1) {
      // Not the buffer that was sent: an answer that never came must not look right.
      std::vector<std::byte> received(data_.size());
      fill_other(received, 1 - seed);
      backend_.recv(received, 1 - backend_.rank());
      check_payload(payload_, received, 1 - seed, "round trip");
    }
    if (backend_.rank() == 1) backend_.send(data_, 0);
  }

  void step() override {
    if (backend_.rank() == 0) {
      backend_.send(data_, 1);
      backend_.recv(data_, 1);
    } else if (backend_.rank() == 1) {
      backend_.recv(data_, 0);
      backend_.send(data_, 0);
    }
  }

  double unit() const override { return 0.5; }

 private:
  Backend& backend_;
  Payload payload_;
  std::vector<std::byte> data_;
};

// What a rank does in a measurement of streams.
struct Part {
  int peer = -1;  // none: the rank only waits
  bool sends = false;
  bool receives = false;
};

// A window of messages started at once, each step ended by an answer to the lower rank of the pair.
// As in the OSU benchmarks, all messages of a window leave from one buffer and arrive in one.
class Stream : public Operation {
 public:
  Stream(Context& context, std::uint64_t bytes, Part part, int timed_ranks)
      : backend_(context.backend),
        window_(context.settings.window),
        payload_(context.settings.payload),
        part_(part),
        timed_ranks_(timed_ranks),
        out_(static_cast<std::size_t>(bytes)),
        in_(static_cast<std::size_t>(bytes)) {}

  void verify() override {
    if (part_.peer < 0) return;
    constexpr std::size_t most_bytes = 8 << 20;
    const std::size_t bytes = out_.size();
    const std::size_t count =
        std::min(window_, std::max<std::size_t>(2, most_bytes / std::max<std::size_t>(bytes, 1)));
    std::vector<std::vector<std::byte>> in(count, std::vector<std::byte>(bytes));
    std::vector<std::vector<std::byte>> out(count, std::vector<std::byte>(bytes));
    const auto seed = [count](int rank, std::size_t i) {
      return static_cast<std::uint64_t>(rank) * count + i;
    };
    for (std::size_t i = 0; i < count; ++i) {
      fill_other(in[i], seed(part_.peer, i));
      if (part_.receives) backend_.irecv(in[i], part_.peer);
    }
    for (std::size_t i = 0; i < count; ++i) {
      fill_payload(payload_, out[i], seed(backend_.rank(), i));
      if (part_.sends) backend_.isend(out[i], part_.peer);
    }
    backend_.wait_all();
    for (std::size_t i = 0; part_.receives && i < count; ++i) {
      check_payload(payload_, in[i], seed(part_.peer, i),
                    "message " + std::to_string(i) + " of a window");
    }
    out_ = out.front();
    answer();
  }

  void step() override {
    if (part_.peer < 0) return;
    for (std::size_t i = 0; part_.receives && i < window_; ++i) backend_.irecv(in_, part_.peer);
    for (std::size_t i = 0; part_.sends && i < window_; ++i) backend_.isend(out_, part_.peer);
    backend_.wait_all();
    answer();
  }

  double unit() const override { return 1.0 / static_cast<double>(window_); }
  int timed_ranks() const override { return timed_ranks_; }

 private:
  void answer() {
    if (backend_.rank() < part_.peer) {
      backend_.recv(answer_, part_.peer);
    } else {
      backend_.send(answer_, part_.peer);
    }
  }

  Backend& backend_;
  std::size_t window_;
  Payload payload_;
  Part part_;
  int timed_ranks_;
  std::vector<std::byte> out_;
  std::vector<std::byte> in_;
  std::array<std::byte, 4> answer_{};
};

void add_rates(Result& result, double messages_at_once) {
  const double messages = messages_at_once / result.time.median;
  result.figures.emplace_back("messages_per_second", messages);
  result.figures.emplace_back("bytes_per_second", messages * static_cast<double>(result.bytes));
}

}  // namespace

Result run_latency(Context& context, std::uint64_t bytes) {
  RoundTrip operation(context.backend, bytes, context.settings.payload);
  return measure(context, operation, bytes);
}

Result run_bandwidth(Context& context, std::uint64_t bytes) {
  Part part;
  if (context.backend.rank() == 0) part = {1, true, false};
  if (context.backend.rank() == 1) part = {0, false, true};
  Stream operation(context, bytes, part, 1);
  Result result = measure(context, operation, bytes);
  add_rates(result, 1);
  return result;
}

Result run_bidirectional(Context& context, std::uint64_t bytes) {
  Part part;
  if (context.backend.rank() <= 1) part = {1 - context.backend.rank(), true, true};
  Stream operation(context, bytes, part, 1);
  Result result = measure(context, operation, bytes);
  add_rates(result, 2);
  return result;
}

Result run_message_rate(Context& context, std::uint64_t bytes) {
  const int pairs = context.backend.size() / 2;
  const int rank = context.backend.rank();
  const bool sends = rank < pairs;
  const Part part{sends ? rank + pairs : rank - pairs, sends, !sends};
  Stream operation(context, bytes, part, pairs);
  Result result = measure(context, operation, bytes);
  add_rates(result, pairs);
  return result;
}

}  // namespace prun::bench
