#pragma once

#include <sys/types.h>

#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>

#include "launcher/ssh/tcp_line.hpp"

namespace prun::job {

// Watches hosts that are logging in, when there is no agent yet that could say anything: ssh itself waits
// long for one that has gone dark. Looks at the connection ssh has made; one that is still connecting, or
// that goes by another way (a kept connection, ProxyJump), is not judged. Owned by the job, on its thread;
// destroying it ends the watch.
class LoginWatch {
 public:
  using OnDark = std::function<void(std::uint32_t host, std::chrono::milliseconds silence)>;

  // `on_dark` is called once for a host that has been silent for that long, or for three seconds, and it
  // is forgotten.
  LoginWatch(asio::io_context& io, std::chrono::milliseconds limit, OnDark on_dark);

  void begin(std::uint32_t host, pid_t ssh);
  void forget(std::uint32_t host);

 private:
  struct Login {
    pid_t ssh;
    std::optional<ssh::TcpLine> line;
  };

  void look();

  std::chrono::milliseconds limit_;
  OnDark on_dark_;
  asio::steady_timer timer_;
  std::map<std::uint32_t, Login> logins_;
};

}  // namespace prun::job
