#include "launcher/agent/file_forwarder.hpp"

#include <utility>

#include "launcher/system/descriptor.hpp"

namespace prun::agent {
namespace {

constexpr unsigned pieces_at_once = 4;

}  // namespace

FileForwarder::FileForwarder(asio::io_context& io, const Staging& staging, OnBroken on_broken)
    : io_(io), staging_(staging), on_broken_(std::move(on_broken)) {}

FileForwarder::~FileForwarder() {
  if (link_) link_->close();
}

void FileForwarder::start(const std::string& address, std::uint16_t port, const PeerIdentity& own,
                          std::uint32_t neighbour) {
  connector_ = std::make_unique<PeerConnector>(
      io_, address, port, own, neighbour,
      [this](core::Result<PeerSocket> peer) { connected(std::move(peer)); });
}

void FileForwarder::connected(core::Result<PeerSocket> peer) {
  if (!peer.ok()) return broken(peer.failure().text);
  const int fd = peer.value().socket.release();
  link_ = std::make_shared<FrameLink>(io_, fd, fd);
  if (peer.value().keys) link_->encrypt(*peer.value().keys);
  link_->when_sent([this] {
    sending_ = false;
    more();
  });
  link_->start([this](const bootstrap::ControlFrame&) { broken("it answers what nobody asked"); },
               [this](const FrameLink::End& end) {
                 // One that has everything leaves; whether it has, it tells the launcher itself.
                 if (sending_ || !staging_.is_end(place_))
                   broken(end.why.empty() ? "it has closed the connection" : end.why);
               });
  more();
}

void FileForwarder::more() {
  if (!link_ || !link_->is_open() || sending_) return;
  for (unsigned i = 0; i < pieces_at_once; ++i) {
    auto piece = staging_.piece(place_);
    if (!piece.ok()) return broken(piece.failure().text);
    if (!piece.value()) return;
    sending_ = true;
    link_->send(*piece.value());
  }
}

void FileForwarder::broken(const std::string& why) {
  if (link_) link_->close();
  const auto told = std::exchange(on_broken_, nullptr);
  if (told) told(why);
}

}  // namespace prun::agent
