#pragma once

#include <string>
#include <string_view>

#include "launcher/doctor/facts.hpp"

// What ssh tells of a login on its standard error when it is asked to (LogLevel=DEBUG1).
namespace prun::doctor {

// Fills in address, port, the key that was taken and the host's own.
void take_login_words(std::string_view words, HostFacts& facts);

// The rest of them, which is what ssh says without being asked.
std::string without_debug(std::string_view words);

}  // namespace prun::doctor
