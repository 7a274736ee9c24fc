#pragma once

#include <string>
#include <string_view>

#include "launcher/hosts/host.hpp"

// Why ssh did not bring us to a host, in one sentence with ssh's own words and what to do.
namespace prun::ssh {

enum class SshCause {
  unknown_name,
  no_route,
  refused,  // nothing listens on the port
  timed_out,
  host_key_unknown,
  host_key_changed,
  key_refused,      // no key of ours is accepted
  password_wanted,  // nor is one; a password would be
  closed,           // by the far end during login: sshd is busy, or bans us
  other,
};

struct SshFailure {
  SshCause cause = SshCause::other;
  std::string text;             // all of it, without the host's name in front
  std::string sentence;         // what is wrong, with ssh's own words
  std::string repair;           // what to do: a command, or a question that ends with one
  bool try_again = false;       // it may go away by itself
  bool may_be_booting = false;  // a board that is being switched on looks like this
};

// What ssh wrote to its standard error, with a status other than zero, before the far end said
// anything.
SshFailure explain_ssh_failure(const hosts::Host& host, std::string_view words);

// Whether NAME.local may be the same host: a board's name on its own network (mDNS). Not for names
// with a domain, addresses and aliases of ~/.ssh/config that lead elsewhere.
bool may_be_local_name(std::string_view name);

// The lines of ssh's standard error that tell something, joined to one.
std::string said_in_one_line(std::string_view words);

// "key-refused": the cause for programs.
std::string_view to_string(SshCause cause);

}  // namespace prun::ssh
