#pragma once

#include <asio/ip/tcp.hpp>
#include <cstddef>
#include <functional>
#include <list>
#include <memory>
#include <optional>

#include "runtime/security/records.hpp"
#include "runtime/security/seen_hellos.hpp"
#include "runtime/transport/tcp/tcp_handshake.hpp"

namespace prun::transport {

// Those who have connected and not yet proved who they are. There is room for so many; then the one
// goes who is least likely to be a rank: not one whose hello was right, since nobody makes such without
// the key and none is taken twice; of the others the oldest of the address that has most of them. So
// strangers push out each other and hardly ever a rank.
//
// Owned by the TcpTransport; one thread. Destroying it, also by a handler, cuts all of them off.
class TcpCallers {
 public:
  static constexpr std::size_t most = 64;

  // A rank has proved itself.
  using OnRank = std::function<void(WorldRank rank, asio::ip::tcp::socket socket,
                                    const std::optional<security::RecordKeys>& keys)>;

  // `context` outlives this.
  TcpCallers(const HandshakeContext& context, IncomingHandshake::Judge judge, OnRank on_rank);
  ~TcpCallers();
  TcpCallers(const TcpCallers&) = delete;
  TcpCallers& operator=(const TcpCallers&) = delete;

  void take(asio::ip::tcp::socket socket);
  bool empty() const { return callers_.empty(); }

 private:
  using List = std::list<std::shared_ptr<IncomingHandshake>>;

  List::iterator least_likely();

  const HandshakeContext& context_;
  IncomingHandshake::Judge judge_;
  OnRank on_rank_;
  security::SeenHellos seen_;
  List callers_;
};

}  // namespace prun::transport
