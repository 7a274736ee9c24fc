#pragma once

#include <coroutine>
#include <cstddef>
#include <deque>

#include "runtime/coll/team.hpp"

namespace prun::coll {

// Several transfers of one kind under way, awaited in the order started. Lives in the frame of the
// algorithm.
//   Sends outgoing;
//   outgoing.start(team, next, block);
//   while (!outgoing.empty()) co_await outgoing.oldest();
template <class Transfer>
class Transfers {
 public:
  template <class Block>
  void start(const Team& team, int peer, const Block& block) {
    queue_.emplace_back(team, peer, block);
  }

  bool empty() const { return queue_.empty(); }
  std::size_t size() const { return queue_.size(); }

  // Awaited: the one started first is done, and off the queue.
  auto oldest() {
    struct Oldest {
      std::deque<Transfer>* queue;
      bool await_ready() const noexcept { return queue->front().await_ready(); }
      void await_suspend(std::coroutine_handle<> waiter) const noexcept {
        queue->front().await_suspend(waiter);
      }
      void await_resume() const {
        queue->front().await_resume();
        queue->pop_front();
      }
    };
    return Oldest{&queue_};
  }

 private:
  std::deque<Transfer> queue_;
};

using Receives = Transfers<Receiving>;
using Sends = Transfers<Sending>;

}  // namespace prun::coll
