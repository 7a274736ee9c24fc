#pragma once

#include <string>
#include <vector>

#include "launcher/stage/messages.hpp"

namespace prun::stage {

enum class Mode : std::uint8_t { off, automatic, always };

// A program of the job as typed, and the folder its ranks are to run in.
struct Command {
  std::vector<std::string> words;
  std::string directory;
  bool is_own = false;  // a tool of prun's: sent also from a folder of the system
  // Where the program is another file for each processor: those that are here, in place of word 0.
  std::vector<std::string> files_by_processor{};
};

// What hosts may be sent: programs named by a path, the script after the name of an interpreter, and
// the files asked for (names seen from `directory`). Programs of the system, below /usr, /bin and
// such, are every host's own. A Failure names a file asked for that cannot be read.
core::Result<StageOffer> make_offer(const std::vector<Command>& commands,
                                    const std::vector<std::string>& asked_for,
                                    const std::string& directory, Mode mode);

// The same offer for a host where the program of that number is called so.
void choose_program(StageOffer& offer, std::uint32_t program, const std::string& name,
                    const std::string& directory);

// The word of an interpreter's command that is its script, seen from `directory`; 0 where there is
// none: `python3 -u prime.py 7` is 2, `python3 -c ...` 0.
std::size_t script_word(const std::vector<std::string>& words, const std::string& directory);

}  // namespace prun::stage
