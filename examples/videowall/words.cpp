#include "words.hpp"

#include <unistd.h>

#include <array>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <system_error>

namespace wall {

std::vector<std::string> split_words(std::string_view line) {
  std::vector<std::string> words;
  std::string word;
  bool in_word = false;
  char quote = '\0';
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (quote == '\0' && (c == ' ' || c == '\t')) {
      if (in_word) words.push_back(std::move(word));
      word.clear();
      in_word = false;
      continue;
    }
    in_word = true;
    if (c == quote) {
      quote = '\0';
    } else if (quote == '\0' && (c == '\'' || c == '"')) {
      quote = c;
    } else if (c == '\\' && quote != '\'' && i + 1 < line.size()) {
      word += line[++i];
    } else {
      word += c;
    }
  }
  if (quote != '\0') {
    throw std::invalid_argument("'" + std::string(line) + "' has a quote that is not closed");
  }
  if (in_word) words.push_back(std::move(word));
  if (words.empty() || words.front().empty()) {
    throw std::invalid_argument("there is no program in it");
  }
  return words;
}

bool can_start(const std::string& program) {
  if (program.find('/') != std::string::npos) return access(program.c_str(), X_OK) == 0;
  const char* path = std::getenv("PATH");
  std::string_view folders = path != nullptr ? path : "/usr/local/bin:/usr/bin:/bin";
  for (;;) {
    const std::size_t colon = folders.find(':');
    const std::string_view folder = folders.substr(0, colon);
    std::string candidate(folder.empty() ? "." : folder);
    candidate.append("/").append(program);
    if (access(candidate.c_str(), X_OK) == 0) return true;
    if (colon == std::string_view::npos) return false;
    folders.remove_prefix(colon + 1);
  }
}

double parse_duration(std::string_view text) {
  double seconds = 0;
  std::string_view rest = text;
  for (int parts = 0;; ++parts) {
    const std::string_view part = rest.substr(0, rest.find(':'));
    const bool last = part.size() == rest.size();
    double value = 0;
    const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), value);
    const bool sound = error == std::errc() && end == part.data() + part.size() && value >= 0 &&
                       std::isfinite(value) && parts < 3;
    if (!sound) {
      throw std::invalid_argument("'" + std::string(text) + "' is no time such as 90 or 1:02:03");
    }
    seconds = seconds * 60 + value;
    if (last) return seconds;
    rest.remove_prefix(part.size() + 1);
  }
}

std::string duration_text(double seconds) {
  const auto tenths = std::llround(seconds * 10);
  const auto minutes = tenths / 600;
  std::array<char, 48> text;
  if (minutes >= 60) {
    std::snprintf(text.data(), text.size(), "%lld:%02lld:%02lld.%lld", minutes / 60, minutes % 60,
                  tenths / 10 % 60, tenths % 10);
  } else {
    std::snprintf(text.data(), text.size(), "%lld:%02lld.%lld", minutes, tenths / 10 % 60,
                  tenths % 10);
  }
  return text.data();
}

}  // namespace wall
