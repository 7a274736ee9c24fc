#pragma once

#include <sys/types.h>

#include <chrono>
#include <optional>

#include "launcher/system/descriptor.hpp"

namespace prun::ssh {

// The TCP connection of another process, ssh, as the kernel sees it: while this exists the kernel asks the
// far end every second, and knows how long it has been silent, whatever ssh waits for meanwhile. Holds
// the connection open; ends like any value and leaves the connection as it was. One thread.
class TcpLine {
 public:
  // Nothing where the process has no connection (yet) or is this program's still, or where the kernel does not let us look: before
  // Linux 5.6, or where nobody may trace their own children.
  static std::optional<TcpLine> of(pid_t process);

  TcpLine(TcpLine&&) = default;
  TcpLine& operator=(TcpLine&&) = delete;
  ~TcpLine();

  // Since anything came from the far end. None if there is no connection any more.
  std::optional<std::chrono::milliseconds> silence() const;

 private:
  struct KeepAlive {
    int on = 0;
    int idle = 0;      // seconds
    int interval = 0;  // seconds
    int count = 0;
  };

  explicit TcpLine(system::Descriptor socket);
  void set(const KeepAlive& wish) const;

  system::Descriptor socket_;
  KeepAlive before_;
};

}  // namespace prun::ssh
