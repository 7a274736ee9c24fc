#pragma once

#include <deque>
#include <memory>
#include <new>
#include <vector>

#include "runtime/p2p/endpoint.hpp"
#include "tests/fuzz/input.hpp"

namespace prun::fuzz {

// Rank 0 of a job of two ranks, whose program does what the input says: sends, receives, gives up.
// Rank 1 is the liar. A plain object of one thread; outlived by the transport it is given.
class EndpointDriver {
 public:
  explicit EndpointDriver(transport::Transport& transport);
  // Ends the peer, then checks that nothing of it is left waiting.
  ~EndpointDriver();

  p2p::Endpoint& endpoint() { return endpoint_; }
  bool peer_gone() const { return endpoint_.peer_gone(liar); }

  // One thing that a program, or the engine beneath it, does.
  void act(Input& input);

  // A frame as the liar may send it: fields at will, most of them such that they mean something.
  static wire::Frame frame(Input& input);

  static constexpr p2p::WorldRank liar = 1;

 private:
  struct Receive {
    explicit Receive(p2p::Endpoint& endpoint) : operation(endpoint) {}
    std::vector<std::byte> buffer;
    p2p::RecvOperation operation;
  };
  struct Send {
    explicit Send(p2p::Endpoint& endpoint) : operation(endpoint) {}
    std::vector<std::byte> payload;
    p2p::SendOperation operation;
  };

  void receive(Input& input);
  void send(Input& input);

  p2p::Endpoint endpoint_;
  std::vector<p2p::WorldRank> others_{liar};  // whom any source may mean
  std::deque<std::unique_ptr<Receive>> receives_;
  std::deque<std::unique_ptr<Send>> sends_;
};

}  // namespace prun::fuzz
