#pragma once

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <ostream>
#include <string>

#include "runtime/transport/transport.hpp"
#include "tests/support/recording_receiver.hpp"

// What every transport must do. A transport joins by a TransportCase in transport_suite_cases.cpp.
namespace prun::test {

// Ranks of one process, each with a transport that reports to a recording receiver. Driven by the
// test's thread. Destroying it leaves nothing behind.
class TransportNet {
 public:
  using WorldRank = transport::WorldRank;
  virtual ~TransportNet() = default;

  virtual transport::Transport& transport(WorldRank rank) = 0;
  virtual RecordingReceiver& receiver(WorldRank rank) = 0;
  // Moves what one rank can move now. True if anything was.
  virtual bool step(WorldRank rank) = 0;
  // Ends a rank as if its process had been killed. It is not stepped any more.
  virtual void vanish(WorldRank rank) = 0;
  virtual bool alive(WorldRank rank) const = 0;

  int size() const { return size_; }
  WorldRank last() const { return size_ - 1; }
  // Steps every rank in turn; true if anything moved.
  bool step_all();
  // Until `done`; the test fails if that takes unreasonably long.
  bool run_until(const std::function<bool()>& done);
  // Steps a rank until it moves nothing more by itself.
  void exhaust(WorldRank rank);

 protected:
  explicit TransportNet(int size) : size_(size) {}

 private:
  int size_;
};

struct TransportCase {
  std::string name;
  std::function<std::unique_ptr<TransportNet>(int ranks)> make;
  bool alone = false;  // carries from a rank to itself: one rank, which nobody leaves
};

std::ostream& operator<<(std::ostream& out, const TransportCase& of);

// Over TCP on the loopback interface; `shared`: one event loop for all ranks instead of one each.
std::unique_ptr<TransportNet> make_tcp_net(int ranks, bool shared);
// The same, one loop each, every large payload compressed.
std::unique_ptr<TransportNet> make_compressing_tcp_net(int ranks);
std::unique_ptr<TransportNet> make_encrypting_tcp_net(int ranks, bool compress);
// Over shared memory; without `single_copy` large payloads go through the rings, too.
std::unique_ptr<TransportNet> make_shm_net(int ranks, bool single_copy);
std::unique_ptr<TransportNet> make_memory_net(int ranks, std::optional<std::uint32_t> seed);
std::unique_ptr<TransportNet> make_self_net();

// Descriptors this process has open.
std::size_t open_descriptors();

}  // namespace prun::test
