#include "layout_file.hpp"

#include <toml++/toml.h>

#include <array>
#include <cmath>
#include <cstdint>
#include <fstream>
#include <set>
#include <sstream>
#include <stdexcept>
#include <string_view>

namespace wall {
namespace {

[[noreturn]] void refuse(const std::string& file, const toml::source_region& where,
                         const std::string& what) {
  throw std::invalid_argument(file + ":" + std::to_string(where.begin.line) + ": " + what);
}

// Two numbers of a screen's table.
std::array<double, 2> pair_of(const toml::table& screen, std::string_view key,
                              const std::string& file) {
  const toml::array* numbers = screen[key].as_array();
  if (numbers != nullptr && numbers->size() == 2) {
    const auto first = numbers->get(0)->value<double>();
    const auto second = numbers->get(1)->value<double>();
    if (first && second && std::isfinite(*first) && std::isfinite(*second)) {
      return {*first, *second};
    }
  }
  refuse(file, screen.source(),
         "a screen needs its " + std::string(key) + ", two numbers such as [510, 287]");
}

std::string text_of(const toml::table& screen, std::string_view key, const std::string& file) {
  const toml::node* node = screen.get(key);
  if (node == nullptr) return {};
  if (const auto text = node->value_exact<std::string>()) return *text;
  refuse(file, node->source(), std::string(key) + " is a text in quotes");
}

Screen screen_of(const toml::table& table, const std::string& file) {
  static const std::set<std::string_view> known{"host", "position", "size", "rotation", "output"};
  for (const auto& [key, value] : table) {
    if (known.count(key.str()) == 0) {
      refuse(file, value.source(),
             "a screen has no '" + std::string(key.str()) +
                 "', only host, position, size, rotation and output");
    }
  }
  Screen screen;
  screen.host = text_of(table, "host", file);
  screen.output = text_of(table, "output", file);
  const auto [x, y] = pair_of(table, "position", file);
  const auto [width, height] = pair_of(table, "size", file);
  screen.picture = {x, y, width, height};
  if (!(screen.picture.width > 0) || !(screen.picture.height > 0)) {
    refuse(file, table.source(), "a screen's size is two numbers above 0");
  }
  if (const toml::node* rotation = table.get("rotation")) {
    const auto degrees = rotation->value_exact<std::int64_t>();
    if (!degrees || (*degrees != 0 && *degrees != 90 && *degrees != 180 && *degrees != 270)) {
      refuse(file, rotation->source(), "rotation is 0, 90, 180 or 270");
    }
    screen.rotation = static_cast<int>(*degrees);
  }
  return screen;
}

}  // namespace

Layout parse_layout(const std::string& text, const std::string& file) {
  toml::table root;
  try {
    root = toml::parse(text, file);
  } catch (const toml::parse_error& error) {
    refuse(file, error.source(), std::string(error.description()));
  }
  for (const auto& [key, value] : root) {
    if (key.str() != "screen") {
      refuse(file, value.source(),
             "only [[screen]] is known here, not '" + std::string(key.str()) + "'");
    }
  }
  Layout layout;
  const toml::array* screens = root["screen"].as_array();
  if (screens == nullptr || screens->empty()) {
    throw std::invalid_argument(file + ": there is no [[screen]] in it");
  }
  for (const toml::node& node : *screens) {
    const toml::table* table = node.as_table();
    if (table == nullptr) refuse(file, node.source(), "a screen is a table: [[screen]]");
    layout.screens.push_back(screen_of(*table, file));
  }
  return layout;
}

Layout read_layout(const std::string& file) {
  std::ifstream input(file);
  std::ostringstream text;
  text << input.rdbuf();
  if (!input) throw std::invalid_argument(file + " cannot be read");
  return parse_layout(text.str(), file);
}

}  // namespace wall
