#include "launcher/job/host_watch.hpp"

#include <fmt/format.h>

#include <asio/buffer.hpp>
#include <asio/ip/address.hpp>

#include <array>
#include <utility>

#include "runtime/security/random.hpp"

namespace prun::job {
namespace {

using asio::ip::udp;

// Questions to a host that has just told where it answers, until it does; after these it counts as one
// that a firewall keeps from it.
constexpr unsigned first_questions = 20;

}  // namespace

// The way to ask one host. Receives under way keep it alive and find `watch` gone.
struct HostWatch::Asked : std::enable_shared_from_this<HostWatch::Asked> {
  Asked(asio::io_context& io, HostWatch& owner, std::uint32_t number)
      : watch(&owner), host(number), socket(io) {}

  bool open(const std::string& address, std::uint16_t port) {
    asio::error_code error;
    const auto numeric = asio::ip::make_address(address, error);
    if (error) return false;
    const udp::endpoint there(numeric, port);
    socket.open(there.protocol(), error);
    if (!error) socket.non_blocking(true, error);
    if (!error) socket.connect(there, error);
    return !error;
  }

  // A failure is no answer, and there will be another question.
  void ask() {
    const auto question =
        liveness::make_probe(watch->keys_[host], liveness::ProbeKind::question, ++last);
    asio::error_code ignored;
    socket.send(asio::buffer(question), 0, ignored);
    ++questions;
  }

  void listen() {
    socket.async_receive(asio::buffer(buffer),
                         [self = shared_from_this()](asio::error_code error, std::size_t got) {
                           if (self->watch == nullptr || error == asio::error::operation_aborted)
                             return;
                           // "Connection refused" comes from whoever likes to send it and says nothing.
                           if (!error) self->take(std::span(self->buffer).first(got));
                           if (self->watch != nullptr) self->listen();
                         });
  }

  void take(std::span<const std::byte> bytes) {
    const auto number =
        liveness::read_probe(watch->keys_[host], liveness::ProbeKind::answer, bytes);
    // Each answer counts once, and only for questions that were asked.
    if (!number || *number <= answered || *number > last) return;
    answered = *number;
    watch->heard(host);
  }

  HostWatch* watch;
  std::uint32_t host;
  udp::socket socket;
  std::array<std::byte, 64> buffer{};
  std::uint64_t last = 0;      // question asked
  std::uint64_t answered = 0;  // the newest
  unsigned questions = 0;
};

HostWatch::HostWatch(asio::io_context& io, std::chrono::milliseconds limit, std::uint32_t hosts,
                     Handlers handlers)
    : io_(io),
      times_(WatchTimes::of(limit)),
      silence_(times_, hosts, std::chrono::steady_clock::now()),
      handlers_(std::move(handlers)),
      timer_(io),
      keys_(hosts),
      asked_(hosts),
      suspect_(hosts, false) {}

HostWatch::~HostWatch() {
  for (std::uint32_t host = 0; host < asked_.size(); ++host) forget(host);
}

liveness::Watch HostWatch::begin(std::uint32_t host) {
  forget(host);
  const bool first = beaten_ == std::chrono::steady_clock::time_point{};
  silence_.follow(host, std::chrono::steady_clock::now());
  security::random_bytes(keys_[host]);
  if (first) {
    beaten_ = std::chrono::steady_clock::now();
    look();
  }
  return {static_cast<std::uint32_t>(times_.beat.count()),
          static_cast<std::uint32_t>(times_.cut_off.count()), keys_[host]};
}

void HostWatch::forget(std::uint32_t host) {
  silence_.forget(host);
  suspect_[host] = false;
  const auto asked = std::exchange(asked_[host], nullptr);
  if (!asked) return;
  asked->watch = nullptr;
  asio::error_code ignored;
  asked->socket.close(ignored);
}

void HostWatch::heard(std::uint32_t host) {
  silence_.heard(host, std::chrono::steady_clock::now());
}

void HostWatch::ask_at(std::uint32_t host, const std::string& address, std::uint16_t port) {
  if (!silence_.follows(host) || asked_[host]) return;
  const auto asked = std::make_shared<Asked>(io_, *this, host);
  if (!asked->open(address, port)) return;
  asked_[host] = asked;
  asked->listen();
  asked->ask();
}

bool HostWatch::answers(std::uint32_t host) const {
  return asked_[host] && asked_[host]->answered != 0;
}

void HostWatch::look() {
  const auto now = std::chrono::steady_clock::now();
  silence_.look(now);
  const bool beats = now - beaten_ >= times_.own_beat;
  if (beats) beaten_ = now;
  for (std::uint32_t host = 0; host < keys_.size(); ++host) {
    if (!silence_.follows(host)) continue;
    if (beats) handlers_.beat(host);
    look_at(host);
  }
  const auto overdue = silence_.overdue(
      [this](std::uint32_t host) { return handlers_.counts(host, answers(host)); });
  if (!overdue.empty()) handlers_.silent(overdue);
  timer_.expires_after(times_.look);
  timer_.async_wait([this](asio::error_code error) {
    if (!error) look();
  });
}

void HostWatch::look_at(std::uint32_t host) {
  const bool suspect = silence_.is_suspect(host);
  if (suspect != suspect_[host]) {
    handlers_.note(host, suspect ? fmt::format("not heard for {} ms", silence_.of(host).count())
                                 : std::string("heard again"));
    suspect_[host] = suspect;
  }
  const auto& asked = asked_[host];
  if (!asked) return;
  if (suspect || (asked->answered == 0 && asked->questions < first_questions)) asked->ask();
}

}  // namespace prun::job
