#include "sync_controller.hpp"

#include <algorithm>
#include <cmath>

namespace wall {

SyncController::Decision SyncController::decide(Seconds error) {
  if (errors_.size() == remembered) errors_.erase(errors_.begin());
  errors_.push_back(error);
  const double middle = this->error()->count();
  const double correction = std::clamp(-middle / settling.count(), -speed_limit, speed_limit);
  return {1.0 + correction, std::abs(middle) > jump_limit.count()};
}

std::optional<Seconds> SyncController::error() const {
  if (errors_.empty()) return std::nullopt;
  std::vector<Seconds> sorted = errors_;
  const auto middle = sorted.begin() + static_cast<std::ptrdiff_t>(sorted.size() / 2);
  std::nth_element(sorted.begin(), middle, sorted.end());
  return *middle;
}

void SyncController::reset() {
  errors_.clear();
}

}  // namespace wall
