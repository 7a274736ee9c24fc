#pragma once

#include <prun/prun.hpp>
#include <string>
#include <vector>

#include "tests/ranks/losing.hpp"

// What ranks that have lost others may expect, and how they look whether it is so.
namespace prun::test {

using Ranks = std::vector<int>;

std::string text_of(const Ranks& ranks);
Ranks first_ranks(int count);

// Calls what must end with peer_lost, and answers the ranks that this names.
template <class Call>
Ranks lost_in(const std::string& what, Call call) {
  try {
    call();
  } catch (const Error& error) {
    check(error.code() == Errc::peer_lost,
          what + " ended with " + to_string(error.code()) + ": " + error.what());
    return error.ranks();
  }
  check(false, what + " went well");
  return {};
}

template <class Call>
void names(const Ranks& expected, const std::string& what, Call call) {
  const Ranks ranks = lost_in(what, call);
  check(ranks == expected, what + " names " + text_of(ranks) + ", not " + text_of(expected));
}

// Ends with this instead of going well.
template <class Call>
void ends_with(Errc code, const std::string& what, Call call) {
  try {
    call();
  } catch (const Error& error) {
    check(error.code() == code, what + ": " + error.what());
    return;
  }
  check(false, what + " went well");
}

// Everybody has left what was before: whoever dies now, or calls survivors(), ends nothing of that. A
// message of one who is there already may still be under way.
void settle(const Communicator& comm);

// Everything works among these members, which all see alike.
void works(const Communicator& comm, const Ranks& world_ranks);

}  // namespace prun::test
