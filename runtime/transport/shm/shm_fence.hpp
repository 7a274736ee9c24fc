#pragma once

#include <atomic>

namespace prun::transport::shm {

// The fence between showing something to a rank and looking whether it sleeps, put where it is
// cheap. A sender that fences after each record waits for the record's cache line each time, twice
// as long as the rest of it takes. So a rank that goes to sleep makes the kernel fence every
// process that has enrolled (membarrier, since Linux 4.16), and these need not do so themselves.
class SleepFence {
 public:
  // Enrols this process where the kernel can.
  SleepFence();

  // Whether fall_asleep fences the others.
  bool covers_others() const { return enrolled_; }

  // By a rank that has said that it sleeps, before it looks once more.
  void fall_asleep() const;

  // By a rank that has shown something, before it looks whether the other, whose fence covers it or
  // not, sleeps.
  void shown(bool covered) const {
    if (enrolled_ && covered) {
      std::atomic_signal_fence(std::memory_order_seq_cst);
    } else {
      std::atomic_thread_fence(std::memory_order_seq_cst);
    }
  }

 private:
  bool enrolled_ = false;
};

}  // namespace prun::transport::shm
