// The control plane: a stream in pieces, cut into frames, and every message that is read from one.

#include "tests/fuzz/input.hpp"
#include "tests/fuzz/messages.hpp"
#include "tests/fuzz/targets.hpp"

namespace prun::fuzz {
namespace {

using namespace prun::bootstrap;

// By its number, and as if it had each other: the fuzzer gets to every decoder either way.
void decode(const ControlFrame& frame) {
  believed_as_any<AgentHello, JobSetup, AgentReady, AgentProblem, Start, RankStarted, RankOutput,
                  OutputCredit, RankInput, InputEnd, InputCredit, InputOffer, InputWanted,
                  WindowSize, RankExited, RankDone, Signal, Terminate, Shutdown, RankHello, Welcome,
                  RankEndpoint, Endpoints, RankAborting, PeerLost, RankFinalized>(frame);
}

void stream(Input& input) {
  ControlParser parser;
  while (!input.empty()) {
    parser.feed(input.take(1 + input.u8()));
    for (;;) {
      const auto next = parser.next();
      if (!next) return;
      if (!next.value()) break;
      decode(*next.value());
    }
  }
}

}  // namespace

void control_frame(Bytes bytes) {
  Input input(bytes);
  if (input.flag()) {
    stream(input);
    return;
  }
  const auto kind = static_cast<ControlKind>(input.u8());
  decode({kind, input.rest()});
}

}  // namespace prun::fuzz
