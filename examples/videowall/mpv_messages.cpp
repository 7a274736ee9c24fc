#include "mpv_messages.hpp"

#include <array>
#include <cstddef>
#include <cstdio>
#include <filesystem>

namespace wall {
namespace {

// The same in every locale, without an exponent.
std::string number_text(double number) {
  std::array<char, 64> text;
  std::snprintf(text.data(), text.size(), "%.6f", number);
  return text.data();
}

std::string text_in(const nlohmann::json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

}  // namespace

std::string encode_command(std::int64_t number, const nlohmann::json& words) {
  const nlohmann::json command{{"command", words}, {"request_id", number}};
  // File names may be in any encoding; what is not UTF-8 mpv would not find by another name either.
  return command.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + '\n';
}

void LineBuffer::add(std::string_view bytes) {
  bytes_ += bytes;
}

std::optional<std::string> LineBuffer::next() {
  for (;;) {
    const std::size_t end = bytes_.find('\n');
    if (end == std::string::npos) {
      if (bytes_.size() > longest) {
        bytes_.clear();
        skipping_ = true;
      }
      return std::nullopt;
    }
    std::string line = bytes_.substr(0, end);
    bytes_.erase(0, end + 1);
    if (!skipping_ && line.size() <= longest) return line;
    skipping_ = false;
  }
}

std::optional<MpvMessage> parse_message(const std::string& line) {
  const nlohmann::json object = nlohmann::json::parse(line, nullptr, false);
  if (!object.is_object()) return std::nullopt;
  MpvMessage message;
  message.event = text_in(object, "event");
  message.error = text_in(object, "error");
  message.property = text_in(object, "name");
  message.reason = text_in(object, "reason");
  if (const auto data = object.find("data"); data != object.end()) message.data = *data;
  if (!message.event.empty()) return message;
  const auto number = object.find("request_id");
  if (number == object.end() || !number->is_number_integer() || message.error.empty()) {
    return std::nullopt;
  }
  message.answers = number->get<std::int64_t>();
  return message;
}

std::string edl_of(const Reel& reel) {
  std::string round;
  for (const Reel::Film& film : reel.films) {
    // mpv takes names that are not absolute as standing beside the list, which has no place.
    const bool is_address = film.file.find("://") != std::string::npos;
    const std::string file = is_address ? film.file : std::filesystem::absolute(film.file).string();
    round += '%' + std::to_string(file.size()) + '%' + file +
             ",start=0,length=" + number_text(film.length.count()) + ';';
  }
  std::string list = "edl://";
  for (std::uint64_t i = 0; i < reel.rounds; ++i) list += round;
  return list;
}

std::string crop_of(const View& view) {
  if (view.wall_aspect == 0) return {};
  // The part of the film that covers the wall is `across` of its width and `down` of its height.
  const std::string aspect = number_text(view.wall_aspect);
  const std::string across = "min(1,(" + aspect + ")/dar)";
  const std::string down = "min(1,dar/(" + aspect + "))";
  const auto start = [](const std::string& side, const std::string& share, double from) {
    return side + "*((1-" + share + ")/2+" + share + '*' + number_text(from) + ')';
  };
  return "lavfi=[crop=w='iw*" + across + '*' + number_text(view.tile.width) + "':h='ih*" + down +
         '*' + number_text(view.tile.height) + "':x='" + start("iw", across, view.tile.x) +
         "':y='" + start("ih", down, view.tile.y) + "':exact=1]";
}

}  // namespace wall
