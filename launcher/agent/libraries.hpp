#pragma once

#include <string>
#include <vector>

namespace prun::agent {

// What the host's loader does not find for that program: names of libraries, and versions that its
// own are too old for. Asks the loader, as ldd does; empty where there is none to ask.
std::vector<std::string> missing_libraries(const std::string& program,
                                           const std::vector<std::string>& environment);

// The same from the loader's words.
std::vector<std::string> missing_in(const std::string& words);

}  // namespace prun::agent
