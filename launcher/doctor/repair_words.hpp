#pragma once

#include <string>

#include "launcher/doctor/facts.hpp"

// Parts of commands that are proposed to the user. What a host has told may stand in them only as a
// word that no shell reads anything into; the probe sees to that.
namespace prun::doctor {

// A command to type here that runs there.
std::string on_host(const HostFacts& host, const std::string& command);

// "sudo " where the login is not root's.
std::string sudo_for(const HostFacts& host);

// "pi@rpi2".
std::string login_target(const HostFacts& host);

}  // namespace prun::doctor
