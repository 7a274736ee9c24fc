#include "runtime/coll/team.hpp"

namespace prun::coll {
namespace {

void check(const p2p::Operation& operation) {
  if (operation.failure() != nullptr) throw TransferFailed(*operation.failure());
}

}  // namespace

Sending::Sending(const Team& team, int to, std::span<const std::byte> block)
    : Sending(*team.endpoint_, team.world(to), team.context_, team.call_,
              {block.data(), block.size() / team.type_.size, team.type_}) {}

Sending::Sending(p2p::Endpoint& endpoint, p2p::WorldRank to, std::uint32_t context,
                 std::int32_t tag, const detail::SendBuffer& buffer)
    : operation_(endpoint) {
  endpoint.start_send(operation_, to, context, tag, buffer, false);
}

void Sending::await_resume() const {
  check(operation_);
}

Receiving::Receiving(const Team& team, int from, std::span<std::byte> block)
    : Receiving(*team.endpoint_, team.world(from), team.context_, team.call_,
                {block.data(), block.size() / team.type_.size, team.type_, true}) {}

Receiving::Receiving(p2p::Endpoint& endpoint, p2p::WorldRank from, std::uint32_t context,
                     std::int32_t tag, const detail::RecvBuffer& buffer)
    : operation_(endpoint) {
  endpoint.start_recv(operation_, {context, from, tag}, buffer, {});
}

void Receiving::await_resume() const {
  check(operation_);
}

Outlet::Outlet(const Team& team, int to) : endpoint_(*team.endpoint_) {
  waiter_.peer = team.world(to);
}

}  // namespace prun::coll
