#include "runtime/comm/farm_messages.hpp"

#include <cstring>
#include <string>
#include <utility>

#include "runtime/comm/comm_state.hpp"
#include "runtime/wire/codec.hpp"

namespace prun::detail {

Datatype farm_request_type() {
  return as_bytes_of(datatype_of<std::uint64_t>());
}

FarmPlace farm_place(const Communicator& comm) {
  CommState& state = state_of(comm);
  if (!state.is_world() || !state.world().starts_ranks_again()) return {comm, false, 0};
  const auto& lobby = state.lobby();
  return {Communicator(lobby), true, lobby->next_farm()};
}

FarmBytes write_farm_message(std::uint64_t run, std::uint64_t number,
                             std::span<const std::byte> content) {
  wire::Writer writer;
  writer.u64(run);
  writer.u64(number);
  writer.raw(content);
  return std::move(writer).take();
}

FarmMessage read_farm_message(std::span<const std::byte> bytes, int from) {
  wire::Reader reader(bytes);
  FarmMessage message;
  message.run = reader.u64();
  message.number = reader.u64();
  message.content = reader.raw(reader.remaining());
  if (!reader.ok()) {
    throw Error(Errc::bad_data, "rank " + std::to_string(from) +
                                    " sent what is no message of a farm, on one of the farm's "
                                    "tags: use other tags beside it");
  }
  return message;
}

Request send_farm_message(const Communicator& comm, std::shared_ptr<FarmBytes> bytes,
                          const Datatype& type, int dest, int tag) {
  const SendBuffer buffer{bytes->data(), bytes->size(), type};
  return isend(state_of(comm), buffer, dest, tag, SendMode::standard, std::move(bytes), {});
}

Request receive_farm_message(const Communicator& comm, FarmBytes& into, const Datatype& type,
                             Source source, int tag) {
  RecvBuffer buffer = recv_buffer(into);
  buffer.type = type;
  return irecv(state_of(comm), buffer, source, tag, {}, nullptr);
}

void unpack_plain(const RecvBuffer& place, std::span<const std::byte> bytes) {
  const std::size_t count = bytes.size() / place.type.size;
  const bool fits =
      place.grow != nullptr || (place.exact ? count == place.count : count <= place.count);
  if (count * place.type.size != bytes.size() || !fits) {
    throw Error(Errc::truncated, "a task or result of a farm has " + std::to_string(bytes.size()) +
                                     " bytes, which is no " + to_string(place.type) +
                                     " or run of them as this rank has it");
  }
  std::byte* const to = place.grow != nullptr ? place.grow(place.owner, count) : place.data;
  if (!bytes.empty()) std::memcpy(to, bytes.data(), bytes.size());
}

Datatype as_bytes_of(const Datatype& element) {
  const std::uint64_t kind =
      (std::uint64_t{element.size} << 8) | static_cast<std::uint8_t>(element.kind);
  return {Kind::serialized, 1, element.name_hash ^ (kind * 0x9e37'79b9'7f4a'7c15u)};
}

}  // namespace prun::detail
