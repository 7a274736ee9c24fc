#include "layout.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <stdexcept>
#include <system_error>

namespace wall {
namespace {

double parse_length(std::string_view text, std::string_view whole, bool zero) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool sound = error == std::errc() && end == text.data() + text.size() &&
                     std::isfinite(value) && (zero ? value >= 0 : value > 0);
  if (!sound) {
    throw std::invalid_argument("'" + std::string(whole) +
                                "' is not a width and a height, such as 2x2");
  }
  return value;
}

}  // namespace

Rectangle Layout::bounds() const {
  if (screens.empty()) return {};
  double left = screens.front().picture.x;
  double top = screens.front().picture.y;
  double right = left;
  double bottom = top;
  for (const Screen& screen : screens) {
    left = std::min(left, screen.picture.x);
    top = std::min(top, screen.picture.y);
    right = std::max(right, screen.picture.x + screen.picture.width);
    bottom = std::max(bottom, screen.picture.y + screen.picture.height);
  }
  return {left, top, right - left, bottom - top};
}

Size parse_size(std::string_view text, bool zero) {
  const std::size_t by = std::min(text.find('x'), text.size());
  const std::size_t behind = std::min(by + 1, text.size());
  return {parse_length(text.substr(0, by), text, zero),
          parse_length(text.substr(behind), text, zero)};
}

Layout grid_layout(Size grid, Size screen, Size bezel) {
  constexpr double most = 1000;
  const auto whole = [](double number) {
    return number >= 1 && number <= most && number == std::floor(number);
  };
  if (!whole(grid.width) || !whole(grid.height)) {
    throw std::invalid_argument("a grid has whole columns and rows, such as 2x2");
  }
  Layout layout;
  for (int row = 0; row < static_cast<int>(grid.height); ++row) {
    for (int column = 0; column < static_cast<int>(grid.width); ++column) {
      Screen next;
      next.picture = {column * (screen.width + bezel.width), row * (screen.height + bezel.height),
                      screen.width, screen.height};
      layout.screens.push_back(next);
    }
  }
  return layout;
}

Size usual_grid(std::size_t screens) {
  auto rows = static_cast<std::size_t>(std::sqrt(static_cast<double>(screens)));
  while (rows > 1 && screens % rows != 0) --rows;
  rows = std::max<std::size_t>(rows, 1);
  const std::size_t columns = screens / rows;
  return {static_cast<double>(columns), static_cast<double>(rows)};
}

View view_of(const Layout& layout, std::size_t screen) {
  const Rectangle wall = layout.bounds();
  const Screen& mine = layout.screens.at(screen);
  return {{(mine.picture.x - wall.x) / wall.width, (mine.picture.y - wall.y) / wall.height,
           mine.picture.width / wall.width, mine.picture.height / wall.height},
          wall.width / wall.height,
          mine.rotation};
}

std::vector<std::size_t> deal_screens(const Layout& layout, const std::vector<std::string>& hosts) {
  std::vector<bool> taken(layout.screens.size(), false);
  std::vector<std::size_t> dealt;
  for (std::size_t rank = 0; rank < hosts.size(); ++rank) {
    std::size_t screen = 0;
    while (screen < taken.size() &&
           (taken[screen] ||
            (!layout.screens[screen].host.empty() && layout.screens[screen].host != hosts[rank]))) {
      ++screen;
    }
    if (screen == taken.size()) {
      throw std::invalid_argument("there is no screen for rank " + std::to_string(rank) + " on " +
                                  hosts[rank] + ": the wall has " + std::to_string(taken.size()) +
                                  " screens");
    }
    taken[screen] = true;
    dealt.push_back(screen);
  }
  return dealt;
}

}  // namespace wall
