#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace prun::stage {

// A program that is another file for each processor: `./prime.%a`, or files given by --map. A plain
// value; looks at files here, where prun was started, and nowhere else.
struct ProgramChoice {
  std::string typed;                                        // word 0 of the command
  std::vector<std::pair<std::string, std::string>> mapped;  // architecture, file; from --map
  std::string directory;                                    // that file names are seen from

  bool depends_on_processor() const;
  // The name of the program on a host whose `uname -m` that is. Where several would do, the first
  // that is a file here.
  std::string name_for(std::string_view machine) const;
  // All names that were weighed for it, best first.
  std::vector<std::string> names_for(std::string_view machine) const;
  // Every file of it that is here, with the architecture or name it stands for, each once.
  std::vector<std::pair<std::string, std::string>> files_here() const;
};

}  // namespace prun::stage
