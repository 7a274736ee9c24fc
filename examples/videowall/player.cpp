#include "player.hpp"

#include "mpv_player.hpp"
#include "null_player.hpp"
#include "words.hpp"

namespace wall {

std::vector<std::string> parse_player(const std::string& command) {
  std::vector<std::string> words = split_words(command);
  if (is_null_player(words.front())) parse_null_player(words.front());
  return words;
}

std::unique_ptr<Player> make_player(const PlayerChoice& choice, prun::Clock& clock) {
  const std::string& program = choice.command.front();
  if (is_null_player(program)) {
    return std::make_unique<NullPlayer>(parse_null_player(program),
                                        [&clock] { return clock.now(); });
  }
  return std::make_unique<MpvPlayer>(choice, clock);
}

}  // namespace wall
