#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <span>

#include <prun/farm.hpp>

// What the master of a farm and the other ranks send each other: u64 run, u64 number of the task, then
// the task or its result.
namespace prun::detail {

// Before the content.
inline constexpr std::size_t farm_header_bytes = 16;

// In place of a task's number: the run is over. Nothing of it follows.
inline constexpr std::uint64_t farm_stop = std::numeric_limits<std::uint64_t>::max();

// In its place too: a rank that was started again asks for work, in its so many-th farm (in the place
// of the run). It is answered by the same, and then gets tasks, or by farm_stop: that farm is over.
// Nothing follows.
inline constexpr std::uint64_t farm_request = farm_stop - 1;

// These two have this tag and type, whatever those of the farm are: it may be in another than the
// master.
inline constexpr int farm_request_tag = std::numeric_limits<int>::max();
Datatype farm_request_type();

struct FarmMessage {
  std::uint64_t run = 0;
  std::uint64_t number = 0;
  std::span<const std::byte> content;  // of the bytes that were read
};

// Where the messages of a farm on this communicator travel, and the how many-th farm there it is.
struct FarmPlace {
  Communicator comm;
  bool takes_back = false;  // ranks that were lost and started again
  std::uint64_t farm = 0;
};
FarmPlace farm_place(const Communicator& comm);

FarmBytes write_farm_message(std::uint64_t run, std::uint64_t number,
                             std::span<const std::byte> content);
// Throws bad_data, naming the rank, for bytes that are none.
FarmMessage read_farm_message(std::span<const std::byte> bytes, int from);

Request send_farm_message(const Communicator& comm, std::shared_ptr<FarmBytes> bytes,
                          const Datatype& type, int dest, int tag);
// `into` lies still until the request is complete.
Request receive_farm_message(const Communicator& comm, FarmBytes& into, const Datatype& type,
                             Source source, int tag);

}  // namespace prun::detail
