#include "launcher/job/login_watch.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace prun::job {
namespace {

constexpr std::chrono::milliseconds between_looks{250};
// The kernel asks every second, and a question may be lost.
constexpr std::chrono::milliseconds shortest_limit{3000};

}  // namespace

LoginWatch::LoginWatch(asio::io_context& io, std::chrono::milliseconds limit, OnDark on_dark)
    : limit_(std::max(limit, shortest_limit)), on_dark_(std::move(on_dark)), timer_(io) {}

void LoginWatch::begin(std::uint32_t host, pid_t ssh) {
  const bool first = logins_.empty();
  logins_.erase(host);
  logins_.emplace(host, Login{ssh, std::nullopt});
  if (first) look();
}

void LoginWatch::forget(std::uint32_t host) {
  logins_.erase(host);
  if (logins_.empty()) timer_.cancel();
}

void LoginWatch::look() {
  timer_.expires_after(between_looks);
  timer_.async_wait([this](asio::error_code error) {
    if (error) return;
    std::vector<std::pair<std::uint32_t, std::chrono::milliseconds>> dark;
    for (auto& [host, login] : logins_) {
      if (!login.line) {
        if (auto line = ssh::TcpLine::of(login.ssh)) login.line.emplace(*std::move(line));
        continue;
      }
      if (const auto silence = login.line->silence(); silence && *silence >= limit_)
        dark.emplace_back(host, *silence);
    }
    for (const auto& [host, silence] : dark) forget(host);
    if (!logins_.empty()) look();
    for (const auto& [host, silence] : dark) on_dark_(host, silence);
  });
}

}  // namespace prun::job
