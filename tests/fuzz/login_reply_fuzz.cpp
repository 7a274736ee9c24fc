// What a login shell, and whoever stands in its place, prints to the launcher.

#include "launcher/ssh/login_reply.hpp"

#include "tests/fuzz/input.hpp"
#include "tests/fuzz/targets.hpp"

namespace prun::fuzz {

void login_reply(Bytes bytes) {
  using State = ssh::LoginReply::State;
  Input input(bytes);
  const std::size_t piece = 1 + input.u8();
  ssh::LoginReply reply;
  std::size_t fed = 0;
  State state = State::waiting;
  while (!input.empty() && state == State::waiting) {
    const Bytes some = input.take(piece);
    fed += some.size();
    state = reply.feed(some);
  }
  require(state != State::waiting || fed <= ssh::LoginReply::most_noise_bytes, "noise is bounded");
  require(reply.noise().size() <= fed, "noise is what came");
  if (state == State::greeted)
    require(reply.rest().size() < fed, "frames come behind the greeting");
  if (state == State::other_version || state == State::unknown_machine || state == State::no_room ||
      state == State::unsent) {
    require(!reply.detail().empty(), "what was said instead is told");
  }
  for (const std::string& line : {reply.path(), reply.needed(), reply.detail()})
    require(line.find('\n') == std::string::npos, "a line is one line");
}

}  // namespace prun::fuzz
