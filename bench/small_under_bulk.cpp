#include <array>

#include "bench/pattern.hpp"
#include "bench/point_to_point.hpp"

namespace prun::bench {

namespace {

constexpr int bulk_tag = 1;
using Small = std::array<std::byte, 8>;

// One bulk message, alone or with round trips beside it. Every one is verified, outside of the time
// taken.
class Bulk {
 public:
  Bulk(Context& context, std::uint64_t bytes)
      : backend_(context.backend),
        payload_(context.settings.payload),
        data_(static_cast<std::size_t>(bytes)) {}

  // Seconds until rank 0 knows that rank 1 has all of it; at rank 0. With `round_trips`, their
  // durations are added there.
  double transfer(std::vector<double>* round_trips) {
    if (backend_.rank() == 0) return send_bulk(round_trips);
    if (backend_.rank() == 1) receive_bulk(round_trips != nullptr);
    if (backend_.rank() > 1) backend_.barrier();
    return 0;
  }

 private:
  double send_bulk(std::vector<double>* round_trips) {
    fill_payload(payload_, data_, ++transfers_);
    Small small{};
    backend_.barrier();
    const auto start = Clock::now();
    backend_.isend(data_, 1, bulk_tag);
    if (round_trips == nullptr) {
      backend_.recv(small, 1);
    } else {
      do {
        const auto sent = Clock::now();
        backend_.send(small, 1);
        backend_.recv(small, 1);
        round_trips->push_back(seconds_since(sent));
      } while (small[0] == std::byte{0});
    }
    const double seconds = seconds_since(start);
    backend_.wait_all();
    return seconds;
  }

  // Tells rank 0 with every answer whether the bulk is there.
  void receive_bulk(bool round_trips) {
    fill_other(data_, ++transfers_);
    Small small{};
    const Backend::RequestId bulk = backend_.irecv(data_, 0, bulk_tag);
    backend_.barrier();
    if (round_trips) {
      bool arrived = false;
      while (!arrived) {
        backend_.recv(small, 0);
        arrived = backend_.test(bulk);
        small[0] = std::byte{arrived};
        backend_.send(small, 0);
      }
      backend_.wait_all();
    } else {
      backend_.wait_all();
      backend_.send(small, 0);
    }
    check_payload(payload_, data_, transfers_, "bulk message");
  }

  Backend& backend_;
  Payload payload_;
  std::vector<std::byte> data_;
  std::uint64_t transfers_ = 0;
};

bool agreed(Backend& backend, bool value) {
  std::array<std::byte, 1> told{std::byte{value}};
  backend.bcast(told, 0);
  return told[0] != std::byte{0};
}

}  // namespace

Result run_small_under_bulk(Context& context, std::uint64_t bytes) {
  Backend& backend = context.backend;
  std::vector<double> round_trips;
  Bulk(context, std::min<std::uint64_t>(bytes, 1 << 16)).transfer(&round_trips);
  round_trips.clear();

  Bulk bulk(context, bytes);
  std::vector<double> alone;
  std::vector<double> together;
  const auto start = Clock::now();
  bool enough = false;
  while (!enough) {
    alone.push_back(bulk.transfer(nullptr));
    together.push_back(bulk.transfer(&round_trips));
    const std::uint64_t wanted = context.settings.iterations;
    enough = agreed(backend, wanted > 0 ? together.size() >= wanted
                                        : seconds_since(start) >= context.settings.budget_seconds);
  }

  Result result;
  if (backend.rank() != 0) return result;
  double seconds = 0;
  for (const double time : together) seconds += time;
  const auto count = static_cast<double>(round_trips.size());
  const Summary trip = summarize(round_trips);
  result.bytes = bytes;
  result.iterations = together.size();
  result.time = summarize(together);
  result.figures = {{"alone", summarize(alone).median},
                    {"round_trips", count / static_cast<double>(together.size())},
                    {"round_trips_per_second", count / seconds},
                    {"round_trip_median", trip.median},
                    {"round_trip_p99", trip.p99}};
  return result;
}

}  // namespace prun::bench
