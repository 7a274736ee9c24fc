#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <thread>

#include "descriptor.hpp"
#include "mpv_messages.hpp"

namespace wall {

// Our end of an mpv's IPC connection. A thread of its own reads, so that events are seen when they
// come. The destructor closes the connection, which ends the mpv.
class MpvConnection {
 public:
  // `on_event` is called in the reading thread.
  using OnEvent = std::function<void(const MpvMessage&)>;
  MpvConnection(Descriptor socket, OnEvent on_event);
  ~MpvConnection();
  MpvConnection(const MpvConnection&) = delete;
  MpvConnection& operator=(const MpvConnection&) = delete;

  // The answer's data. Throws PlayerError when mpv refuses, says nothing in time, or has gone.
  nlohmann::json ask(const nlohmann::json& words, std::chrono::milliseconds limit);
  // Without waiting for the answer. Any thread.
  void tell(const nlohmann::json& words);

  bool open();

 private:
  void read_all();
  std::int64_t send(const nlohmann::json& words);

  Descriptor socket_;
  OnEvent on_event_;
  std::mutex guard_;
  std::condition_variable changed_;
  std::int64_t last_number_ = 0;
  std::map<std::int64_t, std::optional<MpvMessage>> awaited_;
  bool open_ = true;
  std::thread reader_;
};

}  // namespace wall
