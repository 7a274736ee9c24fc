#include "launcher/ssh/tcp_line.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "launcher/system/files.hpp"

namespace prun::ssh {
namespace {

constexpr int most_questions =
    127;  // before the kernel gives up by itself: that is not its decision

int option(int socket, int level, int name) {
  int value = 0;
  socklen_t length = sizeof value;
  return ::getsockopt(socket, level, name, &value, &length) == 0 ? value : -1;
}

std::optional<tcp_info> state_of(int socket) {
  tcp_info info{};
  socklen_t length = sizeof info;
  if (option(socket, SOL_SOCKET, SO_PROTOCOL) != IPPROTO_TCP ||
      ::getsockopt(socket, IPPROTO_TCP, TCP_INFO, &info, &length) != 0 ||
      info.tcpi_state != TCP_ESTABLISHED) {
    return std::nullopt;
  }
  return info;
}

// A child that was forked just now has all that this process has, other lines among it.
bool is_program_of_its_own(const std::string& process) {
  struct stat own {};
  struct stat its {};
  return ::stat("/proc/self/exe", &own) == 0 && ::stat((process + "/exe").c_str(), &its) == 0 &&
         (own.st_ino != its.st_ino || own.st_dev != its.st_dev);
}

}  // namespace

std::optional<TcpLine> TcpLine::of(pid_t process) {
#if defined(SYS_pidfd_open) && defined(SYS_pidfd_getfd)
  const system::Descriptor held(static_cast<int>(::syscall(SYS_pidfd_open, process, 0)));
  if (!held) return std::nullopt;
  const std::string its_place = "/proc/" + std::to_string(process);
  if (!is_program_of_its_own(its_place)) return std::nullopt;
  const std::string folder = its_place + "/fd";
  for (const auto& name : system::names_in(folder)) {
    char what[8] = {};
    if (::readlink((folder + "/" + name).c_str(), what, sizeof what - 1) < 0 ||
        std::string_view(what) != "socket:") {
      continue;
    }
    system::Descriptor socket(
        static_cast<int>(::syscall(SYS_pidfd_getfd, held.get(), std::stoi(name), 0)));
    if (!socket) return std::nullopt;
    if (state_of(socket.get())) return TcpLine(std::move(socket));
  }
#else
  static_cast<void>(process);
#endif
  return std::nullopt;
}

TcpLine::TcpLine(system::Descriptor socket)
    : socket_(std::move(socket)),
      before_{option(socket_.get(), SOL_SOCKET, SO_KEEPALIVE),
              option(socket_.get(), IPPROTO_TCP, TCP_KEEPIDLE),
              option(socket_.get(), IPPROTO_TCP, TCP_KEEPINTVL),
              option(socket_.get(), IPPROTO_TCP, TCP_KEEPCNT)} {
  set({1, 1, 1, most_questions});
}

TcpLine::~TcpLine() {
  if (socket_) set(before_);
}

void TcpLine::set(const KeepAlive& wish) const {
  const int socket = socket_.get();
  ::setsockopt(socket, SOL_SOCKET, SO_KEEPALIVE, &wish.on, sizeof wish.on);
  ::setsockopt(socket, IPPROTO_TCP, TCP_KEEPCNT, &wish.count, sizeof wish.count);
  ::setsockopt(socket, IPPROTO_TCP, TCP_KEEPINTVL, &wish.interval, sizeof wish.interval);
  ::setsockopt(socket, IPPROTO_TCP, TCP_KEEPIDLE, &wish.idle, sizeof wish.idle);
}

std::optional<std::chrono::milliseconds> TcpLine::silence() const {
  const auto info = state_of(socket_.get());
  if (!info) return std::nullopt;
  return std::chrono::milliseconds(std::min(info->tcpi_last_data_recv, info->tcpi_last_ack_recv));
}

}  // namespace prun::ssh
