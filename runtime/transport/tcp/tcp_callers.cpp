#include "runtime/transport/tcp/tcp_callers.hpp"

#include <algorithm>
#include <iterator>
#include <map>
#include <utility>

namespace prun::transport {

TcpCallers::TcpCallers(const HandshakeContext& context, IncomingHandshake::Judge judge,
                       OnRank on_rank)
    : context_(context), judge_(std::move(judge)), on_rank_(std::move(on_rank)) {}

TcpCallers::~TcpCallers() {
  for (const auto& caller : callers_) caller->cancel();
}

TcpCallers::List::iterator TcpCallers::least_likely() {
  std::map<asio::ip::address, std::size_t> strangers;
  std::size_t largest = 0;
  for (const auto& caller : callers_) {
    if (!caller->greeted()) largest = std::max(largest, ++strangers[caller->address()]);
  }
  if (largest == 0) return callers_.begin();
  return std::find_if(callers_.begin(), callers_.end(), [&](const auto& caller) {
    return !caller->greeted() && strangers[caller->address()] == largest;
  });
}

void TcpCallers::take(asio::ip::tcp::socket socket) {
  if (callers_.size() >= most) {
    const auto leaves = least_likely();
    (*leaves)->cancel();
    callers_.erase(leaves);
  }
  callers_.emplace_back();
  const auto place = std::prev(callers_.end());
  *place = std::make_shared<IncomingHandshake>(
      context_, std::move(socket), judge_, seen_,
      [this, place](WorldRank rank, asio::ip::tcp::socket ready,
                    const std::optional<security::RecordKeys>& keys) {
        callers_.erase(place);
        if (rank >= 0) on_rank_(rank, std::move(ready), keys);
      });
  (*place)->start();
}

}  // namespace prun::transport
