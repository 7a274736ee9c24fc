#include "launcher/doctor/facts.hpp"

namespace prun::doctor {

std::string printable(std::string_view text, std::size_t most) {
  std::string result;
  for (const char letter : text) {
    const auto code = static_cast<unsigned char>(letter);
    result += code < 32 || code == 127 ? ' ' : letter;
  }
  result.erase(0, result.find_first_not_of(' '));
  result.erase(result.find_last_not_of(' ') + 1);
  if (result.size() > most) result = result.substr(0, most) + " ...";
  return result;
}

std::string plain_word(std::string_view text, std::size_t most) {
  std::string word(text.substr(0, most));
  for (char& letter : word) {
    const bool is_plain = (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
                          (letter >= '0' && letter <= '9') || letter == '.' || letter == '-' ||
                          letter == '_';
    if (!is_plain) letter = '_';
  }
  // Not to be taken for an option either.
  if (word.starts_with('-')) word.front() = '_';
  return word;
}

}  // namespace prun::doctor
