#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include <prun/communicator.hpp>

// What the library knows of its links, and what it would do with them: for prun-tune and for
// benchmarks. Not for programs; it may change from version to version.
namespace prun::detail {

// A link between two ranks.
struct LinkFigures {
  double latency_seconds = 0;  // one way, of the smallest message
  double bytes_per_second = 0;
};

struct LinkTable {
  bool several_hosts = false;  // otherwise between_hosts is what is assumed
  bool shared_hosts = false;   // otherwise within_host is
  LinkFigures between_hosts;
  LinkFigures within_host;
};

// Measures what is not known yet. Collective; every member gets the same.
LinkTable link_table(const Communicator& handle);

// The algorithm that an operation on so many bytes uses (those of the data, of one rank's block, or,
// of a reduce_scatter, of all parts together; blocks are equal and the operation commutes), and the
// time that its formula gives. Collective the first time.
struct Explanation {
  std::string algorithm;
  std::size_t segment_bytes = 0;  // 0: its data is not cut
  double predicted_seconds = 0;
};
// Throws invalid_argument where there is no operation of that name: "bcast", "allreduce", ...
Explanation explain(const Communicator& handle, std::string_view operation, std::size_t bytes);

}  // namespace prun::detail
