#include "runtime/transport/shm/shm_fence.hpp"

#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace prun::transport::shm {

SleepFence::SleepFence()
    : enrolled_(::syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED, 0, 0) == 0) {}

void SleepFence::fall_asleep() const {
  std::atomic_thread_fence(std::memory_order_seq_cst);
  if (enrolled_) ::syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL_EXPEDITED, 0, 0);
}

}  // namespace prun::transport::shm
