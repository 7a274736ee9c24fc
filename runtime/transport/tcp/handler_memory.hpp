#pragma once

#include <array>
#include <cstddef>
#include <memory>

namespace prun::transport {

// Room for one handler that waits in Asio, so that blocking allocates nothing. A handler for which
// there is no room, or for which it is too small, gets ordinary memory. Outlives its handler. One
// thread.
class HandlerMemory {
 public:
  HandlerMemory() = default;
  HandlerMemory(const HandlerMemory&) = delete;
  HandlerMemory& operator=(const HandlerMemory&) = delete;

  void* take(std::size_t bytes) {
    if (taken_ || bytes > place_.size()) return ::operator new(bytes);
    taken_ = true;
    return place_.data();
  }
  void give_back(void* memory) {
    if (memory == place_.data()) {
      taken_ = false;
    } else {
      ::operator delete(memory);
    }
  }

 private:
  alignas(std::max_align_t) std::array<std::byte, 256> place_;
  bool taken_ = false;
};

// What Asio asks for it.
template <class T>
class HandlerAllocator {
 public:
  using value_type = T;

  explicit HandlerAllocator(HandlerMemory& memory) noexcept : memory_(&memory) {}
  template <class U>
  HandlerAllocator(const HandlerAllocator<U>& other) noexcept : memory_(other.memory_) {}

  T* allocate(std::size_t count) { return static_cast<T*>(memory_->take(count * sizeof(T))); }
  void deallocate(T* memory, std::size_t) { memory_->give_back(memory); }

  bool operator==(const HandlerAllocator&) const = default;

 private:
  template <class U>
  friend class HandlerAllocator;
  HandlerMemory* memory_;
};

}  // namespace prun::transport
