#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bench/backend.hpp"
#include "bench/bound.hpp"
#include "bench/settings.hpp"
#include "bench/statistics.hpp"

namespace prun::bench {

// What every measurement can use. Owned by main.
struct Context {
  Backend& backend;
  const Settings& settings;
  double join_seconds = 0;  // what making the backend took on this rank
};

// One thing that is done again and again. Every rank makes one and calls the same in the same
// order. It owns its buffers.
class Operation {
 public:
  virtual ~Operation() = default;

  // Does it once, with data that is checked. Throws VerificationError on the rank that sees a
  // fault.
  virtual void verify() = 0;
  // Does it once.
  virtual void step() = 0;

  // The seconds of a step times this are what is reported: half a round trip, one message of a
  // window.
  virtual double unit() const { return 1.0; }
  // Whose clocks count: ranks 0 to that.
  virtual int timed_ranks() const { return 1; }
  // A barrier stands between two steps, outside of the time taken, so that no step overlaps the
  // next.
  virtual bool separated() const { return false; }
};

// What is known at rank 0 after a measurement; the other ranks' copies say nothing.
struct Result {
  std::uint64_t bytes = 0;
  std::uint64_t iterations = 0;
  std::uint64_t batch = 1;
  Summary time;                    // of the average over the ranks that take the time
  std::optional<Summary> slowest;  // of the slowest rank, where several take it
  // More figures, by their key in the JSON.
  std::vector<std::pair<std::string, double>> figures;
};

// Where the ranks are: the same number of them on every host.
struct Placement {
  int hosts = 1;
  int ranks_per_host = 1;

  int ranks() const { return hosts * ranks_per_host; }
};

// A row of the list of operations.
struct OperationInfo {
  std::string_view name;
  std::string_view summary;
  std::vector<std::uint64_t> default_bytes;  // one 0 where there is no size
  bool sized = true;                         // takes --bytes
  int minimum_ranks = 2;
  bool even_ranks = false;
  bool messages = true;       // false: no rank says anything to another
  std::uint64_t granule = 1;  // sizes are rounded up to a multiple of it
  Result (*run)(Context&, std::uint64_t bytes) = nullptr;
  // What it demands of the network, for the lower bound of what is reported. Null: nothing.
  Demand (*demand)(double bytes, const Placement& placement, const Settings& settings) = nullptr;
};

const std::vector<OperationInfo>& operations();
// Null where there is none of that name.
const OperationInfo* find_operation(std::string_view name);

}  // namespace prun::bench
