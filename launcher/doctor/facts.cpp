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

}  // namespace prun::doctor
