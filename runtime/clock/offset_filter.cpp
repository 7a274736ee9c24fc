#include "runtime/clock/offset_filter.hpp"

#include <algorithm>
#include <limits>

namespace prun::clock {
namespace {

constexpr std::size_t most_exchanges = 64;
constexpr std::size_t newest_kept = 8;
constexpr Nanoseconds longest_memory = 200'000'000'000;
constexpr double most_drift = 1000e-6;
constexpr double wander = 1e-6;
// A rate that is known better than this needs no guess.
constexpr double rough_rate = 50e-6;

// The job's time minus the own, less a number that all points have in common.
struct Point {
  double when;  // nanoseconds from now, not positive
  double offset;
};

struct Bounds {
  std::vector<Point> above;
  std::vector<Point> below;
};

// Where a line is now, and how steep it is.
struct Line {
  double offset;
  double slope;
};

Bounds upside_down(const Bounds& bounds) {
  Bounds turned{bounds.below, bounds.above};
  for (auto* points : {&turned.above, &turned.below}) {
    for (Point& point : *points) point.offset = -point.offset;
  }
  return turned;
}

// The line between the bounds that is highest now. It comes from a bound above, as steeply as clocks
// can differ, or as steeply as an earlier bound below lets it; what allows least decides.
Line highest(const Bounds& bounds) {
  Line best{std::numeric_limits<double>::infinity(), 0};
  const auto consider = [&](const Point& from, double slope) {
    const double offset = from.offset - slope * from.when;
    if (offset < best.offset) best = {offset, slope};
  };
  for (const Point& high : bounds.above) {
    consider(high, most_drift);
    for (const Point& low : bounds.below) {
      if (low.when < high.when) consider(high, (high.offset - low.offset) / (high.when - low.when));
    }
  }
  return best;
}

Line lowest(const Bounds& bounds) {
  const Line turned = highest(upside_down(bounds));
  return {-turned.offset, -turned.slope};
}

Nanoseconds rough_offset(const Exchange& exchange) {
  return exchange.received - exchange.asked;
}

// An old bound is worth less by what clocks may have changed since.
double inflation(Nanoseconds age) {
  return wander * static_cast<double>(age);
}

Bounds bounds_of(const std::vector<Exchange>& exchanges, Nanoseconds common, Nanoseconds now) {
  Bounds bounds;
  for (const auto& each : exchanges) {
    bounds.above.push_back({static_cast<double>(each.asked - now),
                            static_cast<double>(each.received + each.error - each.asked - common) +
                                inflation(now - each.asked)});
    bounds.below.push_back(
        {static_cast<double>(each.came_back - now),
         static_cast<double>(each.answered - each.error - each.came_back - common) -
             inflation(now - each.came_back)});
  }
  return bounds;
}

// Of lines between the two, how steep the best is.
double slope_between(const Line& low, const Line& high, std::optional<double> likely) {
  if (!likely || high.slope - low.slope < 2 * rough_rate) return (high.slope + low.slope) / 2;
  return std::clamp(*likely, low.slope, high.slope);
}

// How far apart an exchange leaves the two bounds.
double width(const Exchange& exchange, Nanoseconds now) {
  const Nanoseconds travel =
      exchange.came_back - exchange.asked - (exchange.answered - exchange.received);
  return static_cast<double>(travel + 2 * exchange.error) + 2 * inflation(now - exchange.came_back);
}

}  // namespace

void OffsetFilter::add(const Exchange& exchange) {
  exchanges_.push_back(exchange);
  forget_old(exchange.came_back);
}

void OffsetFilter::forget_old(Nanoseconds now) {
  std::erase_if(exchanges_,
                [now](const Exchange& each) { return now - each.came_back > longest_memory; });
  if (exchanges_.size() <= most_exchanges) return;
  const auto last = exchanges_.end() - static_cast<std::ptrdiff_t>(newest_kept);
  exchanges_.erase(std::max_element(
      exchanges_.begin(), last,
      [now](const Exchange& a, const Exchange& b) { return width(a, now) < width(b, now); }));
}

std::optional<ClockLine> OffsetFilter::estimate(Nanoseconds now) {
  while (!exchanges_.empty()) {
    const Nanoseconds common = rough_offset(exchanges_.back());
    const Bounds bounds = bounds_of(exchanges_, common, now);
    const Line high = highest(bounds);
    const Line low = lowest(bounds);
    if (high.offset >= low.offset) {
      ClockLine line;
      line.since = now;
      line.time = now + common + static_cast<Nanoseconds>((high.offset + low.offset) / 2);
      line.rate = slope_between(low, high, likely_rate_);
      line.error = (high.offset - low.offset) / 2;
      line.error_growth = std::max({0.0, high.slope - line.rate, line.rate - low.slope}) + wander;
      return line;
    }
    // Somebody's clock has changed its rate.
    const auto older_half = static_cast<std::ptrdiff_t>((exchanges_.size() + 1) / 2);
    exchanges_.erase(exchanges_.begin(), exchanges_.begin() + older_half);
  }
  return std::nullopt;
}

}  // namespace prun::clock
