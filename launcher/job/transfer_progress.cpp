#include "launcher/job/transfer_progress.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

namespace prun::job {
namespace {

constexpr std::chrono::milliseconds silent{1000};
constexpr std::chrono::milliseconds between{200};
constexpr std::size_t most_names = 4;

}  // namespace

void TransferProgress::moved(const std::string& host, std::uint64_t sent, std::uint64_t bytes,
                             Clock::time_point now) {
  if (line_ == nullptr) return;
  if (!begun_) begun_ = now;
  transfers_[host] = {sent, bytes, sent == bytes};
  if (now - *begun_ < silent || (shown_ && now - shown_at_ < between)) return;
  shown_ = true;
  shown_at_ = now;
  line_->show(text(now));
}

void TransferProgress::over(const std::string& host) {
  const auto found = transfers_.find(host);
  if (found != transfers_.end()) found->second.over = true;
  if (std::all_of(transfers_.begin(), transfers_.end(),
                  [](const auto& one) { return one.second.over; })) {
    clear();
  }
}

void TransferProgress::clear() {
  if (std::exchange(shown_, false)) line_->clear();
}

std::string TransferProgress::text(Clock::time_point now) const {
  std::string names;
  std::size_t hosts = 0;
  double sent = 0;
  double bytes = 0;
  for (const auto& [host, transfer] : transfers_) {
    sent += static_cast<double>(transfer.sent);
    bytes += static_cast<double>(transfer.bytes);
    if (transfer.over) continue;
    if (++hosts <= most_names) names += (names.empty() ? "" : ", ") + host;
  }
  if (hosts > most_names) names += fmt::format(" and {} more", hosts - most_names);
  const double seconds = std::chrono::duration<double>(now - begun_.value_or(now)).count();
  const double rate = seconds > 0 ? sent / seconds : 0;
  std::string line =
      fmt::format("sending to {}: {:.1f} of {:.1f} MB", names, sent / 1e6, bytes / 1e6);
  if (rate > 0) {
    line +=
        fmt::format(", {:.1f} MB/s, {:.0f} s left", rate / 1e6, std::ceil((bytes - sent) / rate));
  }
  return line;
}

}  // namespace prun::job
