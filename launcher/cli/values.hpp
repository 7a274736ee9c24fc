#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/core/port_range.hpp"
#include "runtime/core/result.hpp"

// What the values of options mean. Pure functions; a Failure begins with the option as the user
// knows it and ends with an example.
namespace prun::cli {

// A number of ranks or hosts, 1 or more.
core::Result<std::uint32_t> count_of(const std::string& text, const std::string& option,
                                     std::string_view what = "ranks");

// Seconds above 0, with or without a fraction or an s behind it. Never rounded to none at all.
core::Result<std::chrono::milliseconds> seconds_of(const std::string& text,
                                                   const std::string& option);

// "5000-5100", or "5000:5100" as MPICH has it, or one port.
core::Result<core::PortRange> ports_of(const std::string& text, const std::string& option);
// --node-timeout: nothing for 0, which is never.
core::Result<std::optional<std::chrono::milliseconds>> node_timeout_of(const std::string& text,
                                                                       const std::string& option);

// "a,b,c" in its parts. Empty parts are left out.
std::vector<std::string> parts_of(std::string_view text, char separator);

std::string lower(std::string_view text);

// Signals by name, with or without SIG, or number: "WINCH,SIGURG,10".
core::Result<std::vector<int>> signals_of(const std::string& text, const std::string& option);

}  // namespace prun::cli
