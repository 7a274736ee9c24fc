#include "launcher/ssh/master_session.hpp"

#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>
#include <span>
#include <system_error>
#include <utility>

#include "launcher/ssh/mux_protocol.hpp"
#include "launcher/system/environment.hpp"

namespace prun::ssh {
namespace {

core::Failure failed(const char* what) {
  return {Errc::resource, std::string(what) + ": " + std::generic_category().message(errno)};
}

bool send_whole(int socket, std::span<const std::byte> bytes) {
  ssize_t put = 0;
  while ((put = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL)) < 0 && errno == EINTR) {
  }
  return put == static_cast<ssize_t>(bytes.size());
}

// Each with a byte of its own, as a master takes them.
bool send_descriptor(int socket, int descriptor) {
  char byte = 0;
  iovec part{&byte, 1};
  alignas(cmsghdr) char room[CMSG_SPACE(sizeof descriptor)] = {};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = room;
  message.msg_controllen = sizeof room;
  cmsghdr* const header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof descriptor);
  std::memcpy(CMSG_DATA(header), &descriptor, sizeof descriptor);
  ssize_t put = 0;
  while ((put = ::sendmsg(socket, &message, MSG_NOSIGNAL)) < 0 && errno == EINTR) {
  }
  return put == 1;
}

}  // namespace

core::Result<MasterSession> ask_master(const std::string& socket, const std::string& command) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (socket.size() >= sizeof address.sun_path)
    return core::Failure{Errc::invalid_argument, "the socket's path is too long"};
  std::memcpy(address.sun_path, socket.data(), socket.size());
  const auto request = session_request(command, system::own_environment());
  if (request.size() > most_mux_bytes)
    return core::Failure{Errc::invalid_argument, "more than a master takes"};

  MasterSession session;
  session.control.reset(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!session.control) return failed("cannot make a socket");
  if (::connect(session.control.get(), reinterpret_cast<const sockaddr*>(&address),
                sizeof address) != 0) {
    return failed("cannot connect");
  }
  auto pipes = StandardPipes::make();
  if (!pipes.ok()) return pipes.failure();
  const auto& theirs = pipes.value().theirs;
  const int control = session.control.get();
  // Its greeting is not waited for: a master that does not understand us closes the socket.
  if (!send_whole(control, request) || !send_descriptor(control, theirs.in.get()) ||
      !send_descriptor(control, theirs.out.get()) || !send_descriptor(control, theirs.err.get())) {
    return failed("cannot send");
  }
  session.ends = std::move(pipes.value().ours);
  return session;
}

}  // namespace prun::ssh
