#pragma once

#include <asio/io_context.hpp>
#include <cstddef>
#include <functional>
#include <memory>

#include "runtime/core/result.hpp"

namespace prun::transport::shm {

// What wakes a rank that sleeps in its event loop: a datagram socket whose name, chosen by the
// kernel and in no file system, stands in the rank's page. Rung only for one that sleeps.
//
// Owned by the ShmTransport. One thread, which runs the io_context.
class Doorbell {
 public:
  // `on_ring` is called from the event loop.
  static core::Result<Doorbell> open(asio::io_context& io, std::function<void()> on_ring);
  Doorbell(Doorbell&&) = default;
  Doorbell& operator=(Doorbell&&) = delete;
  ~Doorbell();

  // Writes its name into this rank's page.
  void announce(std::byte* own_page) const;
  // From now on a ring reaches on_ring.
  void arm();
  // Wakes the rank of that page. What cannot be woken is gone, or will be told to be.
  void ring(std::byte* page) const;

 private:
  struct State;
  explicit Doorbell(std::shared_ptr<State> state) : state_(std::move(state)) {}

  std::shared_ptr<State> state_;
};

}  // namespace prun::transport::shm
