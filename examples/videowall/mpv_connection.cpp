#include "mpv_connection.hpp"

#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace wall {

MpvConnection::MpvConnection(Descriptor socket, OnEvent on_event)
    : socket_(std::move(socket)), on_event_(std::move(on_event)), reader_([this] { read_all(); }) {}

MpvConnection::~MpvConnection() {
  shutdown(socket_.get(), SHUT_RDWR);
  reader_.join();
}

nlohmann::json MpvConnection::ask(const nlohmann::json& words, std::chrono::milliseconds limit) {
  const std::string what = words.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  std::unique_lock lock(guard_);
  const std::int64_t number = send(words);
  awaited_[number] = std::nullopt;
  changed_.wait_for(lock, limit, [&] { return awaited_[number].has_value() || !open_; });
  const std::optional<MpvMessage> answer = awaited_[number];
  awaited_.erase(number);
  if (!answer) {
    throw PlayerError(open_ ? "mpv does not answer to " + what : "mpv has ended");
  }
  if (answer->error != "success") {
    throw PlayerError("mpv refuses " + what + ": " + answer->error);
  }
  return answer->data;
}

void MpvConnection::tell(const nlohmann::json& words) {
  const std::lock_guard lock(guard_);
  send(words);
}

bool MpvConnection::open() {
  const std::lock_guard lock(guard_);
  return open_;
}

std::int64_t MpvConnection::send(const nlohmann::json& words) {
  const std::string line = encode_command(++last_number_, words);
  std::string_view rest = line;
  while (!rest.empty()) {
    const ssize_t sent = ::send(socket_.get(), rest.data(), rest.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno != EINTR) break;  // it has gone: the reader sees that too
    if (sent > 0) rest.remove_prefix(static_cast<std::size_t>(sent));
  }
  return last_number_;
}

void MpvConnection::read_all() {
  LineBuffer lines;
  std::array<char, 8192> bytes;
  for (;;) {
    const ssize_t got = recv(socket_.get(), bytes.data(), bytes.size(), 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    lines.add({bytes.data(), static_cast<std::size_t>(got)});
    while (const auto line = lines.next()) {
      const auto message = parse_message(*line);
      if (!message) continue;
      if (message->answers == 0) {
        on_event_(*message);
        continue;
      }
      const std::lock_guard lock(guard_);
      const auto awaited = awaited_.find(message->answers);
      if (awaited != awaited_.end()) awaited->second = message;
      changed_.notify_all();
    }
  }
  const std::lock_guard lock(guard_);
  open_ = false;
  changed_.notify_all();
}

}  // namespace wall
