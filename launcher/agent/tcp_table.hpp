#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "launcher/agent/host_facts.hpp"

namespace prun::agent {

// What the kernel's table of TCP connections (/proc/net/tcp or tcp6) says of one: how often it has sent
// the same bytes again because nobody confirmed them. 0 also means that nothing is on its way. Nothing
// where the table has no such connection. Pure.
std::optional<unsigned> resent_without_answer(std::string_view table, const SshEnds& connection);

// The same from the tables of this host.
std::optional<unsigned> resent_without_answer(const SshEnds& connection);

}  // namespace prun::agent
