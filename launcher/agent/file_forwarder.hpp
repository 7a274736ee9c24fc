#pragma once

#include <asio/io_context.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "launcher/agent/frame_link.hpp"
#include "launcher/agent/peer_link.hpp"
#include "launcher/agent/staging.hpp"
#include "launcher/system/descriptor.hpp"

namespace prun::agent {

// Passes on to another host what this one has been sent, as it comes. It reads what the store has
// written, so a slow neighbour costs no memory and holds nobody up. Owned by the agent, one thread;
// the staging lives longer.
class FileForwarder {
 public:
  // `on_broken` comes once at most: the neighbour has not got all that there was. It may destroy this.
  using OnBroken = std::function<void(const std::string& why)>;

  FileForwarder(asio::io_context& io, const Staging& staging, OnBroken on_broken);
  ~FileForwarder();
  FileForwarder(const FileForwarder&) = delete;
  FileForwarder& operator=(const FileForwarder&) = delete;

  void start(const std::string& address, std::uint16_t port, const PeerIdentity& own,
             std::uint32_t neighbour);
  // More has come.
  void more();

 private:
  void connected(core::Result<PeerSocket> peer);
  void broken(const std::string& why);

  asio::io_context& io_;
  const Staging& staging_;
  OnBroken on_broken_;
  std::unique_ptr<PeerConnector> connector_;
  std::shared_ptr<FrameLink> link_;
  Staging::Place place_;
  bool sending_ = false;
};

}  // namespace prun::agent
