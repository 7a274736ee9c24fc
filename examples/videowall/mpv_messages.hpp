#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "layout.hpp"
#include "player.hpp"

// What goes over mpv's JSON IPC connection, a line each; pure functions and no connection.
// https://mpv.io/manual/stable/#json-ipc
namespace wall {

// A command with its number, ended by a line feed. `words` is an array such as ["seek", 2.5, "absolute+exact"].
std::string encode_command(std::int64_t number, const nlohmann::json& words);

// Takes a stream of bytes apart into lines.
class LineBuffer {
 public:
  // A line longer than that is not mpv's: it is thrown away.
  static constexpr std::size_t longest = std::size_t{1} << 20;

  void add(std::string_view bytes);
  // The next complete line, without its end.
  std::optional<std::string> next();

 private:
  std::string bytes_;
  bool skipping_ = false;  // within a line that is too long
};

// Either the answer to a command or an event.
struct MpvMessage {
  std::int64_t answers = 0;  // the command's number; 0: an event
  std::string error;         // of an answer: "success", or what went wrong
  std::string event;         // its name
  std::string property;      // of the event property-change
  std::string reason;        // of the event end-file
  nlohmann::json data;       // of an answer or a property-change; null where there is none
};
// Nothing where the line is no message.
std::optional<MpvMessage> parse_message(const std::string& line);

// The reel as an mpv EDL, one film of its own for mpv: it plays from one into the next, and from the
// end of the list into its beginning, without a gap or another load.
std::string edl_of(const Reel& reel);

// The video filter that leaves the tile of the film: scaled evenly to cover the wall, what sticks
// out on both sides is lost. Its size and proportions are known to the filter alone, for each film
// anew. Empty where the screen shows all of its film.
std::string crop_of(const View& view);

}  // namespace wall
