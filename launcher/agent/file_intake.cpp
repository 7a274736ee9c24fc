#include "launcher/agent/file_intake.hpp"

#include <utility>

#include "launcher/system/descriptor.hpp"

namespace prun::agent {

FileIntake::FileIntake(asio::io_context& io, Handler handler)
    : io_(io), handler_(std::move(handler)) {}

core::Result<std::unique_ptr<FileIntake>> FileIntake::open(asio::io_context& io,
                                                           const std::string& address,
                                                           const core::PortRange& ports,
                                                           const PeerIdentity& own,
                                                           Handler handler) {
  std::unique_ptr<FileIntake> intake(new FileIntake(io, std::move(handler)));
  auto listener = PeerListener::open(
      io, address, ports, own, [at = intake.get()](PeerSocket peer) { at->take(std::move(peer)); });
  if (!listener.ok()) return listener.failure();
  intake->listener_ = std::move(listener).value();
  return intake;
}

FileIntake::~FileIntake() {
  if (link_) link_->close();
}

void FileIntake::take(PeerSocket peer) {
  const int fd = peer.socket.release();
  link_ = std::make_shared<FrameLink>(io_, fd, fd);
  if (peer.keys) link_->encrypt(*peer.keys);
  link_->start(
      [this](const bootstrap::ControlFrame& frame) {
        // Copies: a handler may destroy this.
        const Handler handler = handler_;
        if (frame.kind != stage::StageData::kind) return handler.lost("it sends no files");
        const auto piece = bootstrap::decode_frame<stage::StageData>(frame);
        if (!piece.ok()) return handler.lost(piece.failure().text);
        handler.piece(piece.value());
      },
      [this](const FrameLink::End& end) {
        const Handler handler = handler_;
        handler.lost(end.why.empty() ? "it has closed the connection" : end.why);
      });
}

}  // namespace prun::agent
