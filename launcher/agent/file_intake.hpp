#pragma once

#include <asio/io_context.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "launcher/agent/frame_link.hpp"
#include "launcher/agent/peer_link.hpp"
#include "launcher/stage/messages.hpp"
#include "launcher/system/descriptor.hpp"

namespace prun::agent {

// Where another host passes on the files that this one wants. Owned by the agent, one thread;
// destroying it, also inside a callback, closes everything.
class FileIntake {
 public:
  struct Handler {
    std::function<void(const stage::StageData& piece)> piece;
    // The other host has left, or sends what is none of ours.
    std::function<void(const std::string& why)> lost;
  };

  static core::Result<std::unique_ptr<FileIntake>> open(asio::io_context& io,
                                                        const std::string& address,
                                                        const core::PortRange& ports,
                                                        const PeerIdentity& own, Handler handler);
  ~FileIntake();
  FileIntake(const FileIntake&) = delete;
  FileIntake& operator=(const FileIntake&) = delete;

  std::uint16_t port() const { return listener_->port(); }

 private:
  FileIntake(asio::io_context& io, Handler handler);
  void take(PeerSocket peer);

  asio::io_context& io_;
  Handler handler_;
  std::unique_ptr<PeerListener> listener_;
  std::shared_ptr<FrameLink> link_;
};

}  // namespace prun::agent
