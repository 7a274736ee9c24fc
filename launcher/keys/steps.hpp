#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "launcher/keys/login_check.hpp"

// What is to be done for one host, step by step. Pure functions.
namespace prun::keys {

enum class Step : std::uint8_t {
  none,              // it works
  confirm_host_key,  // ssh shows it and asks
  copy_key,          // ssh-copy-id, where ssh asks for the password
  give_up,
};

// The next one after those that have been done.
Step next_step(const LoginCheck& check, const std::vector<Step>& done);

// What the user is told at the end: "its host key was confirmed and our key copied; it works now".
std::string outcome_words(const LoginCheck& check, const std::vector<Step>& done);

// What would be done, for --dry-run.
std::string plan_words(const LoginCheck& check);

// The arguments of ssh-copy-id among those that the user has for ssh: it knows but a few of them.
std::vector<std::string> copy_arguments(const std::vector<std::string>& ssh_arguments);

}  // namespace prun::keys
