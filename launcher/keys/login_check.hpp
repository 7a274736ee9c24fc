#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "launcher/hosts/host.hpp"
#include "launcher/ssh/ssh_command.hpp"
#include "launcher/ssh/ssh_failure.hpp"

// Whether hosts let us in without asking anything.
namespace prun::keys {

enum class LoginState {
  works,
  host_key_unknown,  // nobody has confirmed it here yet
  key_refused,       // none of our keys is known there
  fails,             // anything that keys do not help with
};

struct LoginCheck {
  LoginState state = LoginState::fails;
  bool takes_password = false;  // of key_refused: it would ask for one
  std::string sentence;         // of all but works, without the host's name
  std::string repair;
};

// What ssh's exit status and words mean.
LoginCheck judge_login(const hosts::Host& host, int exit_status, std::string_view words);

// Tries all hosts side by side, in the way in which prun logs in. Changes nothing. Blocks.
std::vector<LoginCheck> check_logins(const std::vector<hosts::Host>& hosts,
                                     const ssh::SshOptions& options, std::size_t window);

}  // namespace prun::keys
