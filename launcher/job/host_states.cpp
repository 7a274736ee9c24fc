#include "launcher/job/host_states.hpp"

#include <algorithm>
#include <array>

namespace prun::job {
namespace {

using bootstrap::ControlKind;

struct Transition {
  HostPhase from;
  HostEvent event;
  HostPhase to;
};

constexpr std::array transitions{
    Transition{HostPhase::waiting, HostEvent::login_begun, HostPhase::connecting},
    Transition{HostPhase::connecting, HostEvent::shell_seen, HostPhase::logged_in},
    Transition{HostPhase::connecting, HostEvent::hello_received, HostPhase::agent_up},
    Transition{HostPhase::logged_in, HostEvent::agent_needed, HostPhase::receiving},
    Transition{HostPhase::logged_in, HostEvent::hello_received, HostPhase::agent_up},
    Transition{HostPhase::receiving, HostEvent::hello_received, HostPhase::agent_up},
    Transition{HostPhase::agent_up, HostEvent::setup_sent, HostPhase::checking},
    Transition{HostPhase::checking, HostEvent::files_wanted, HostPhase::staging},
    Transition{HostPhase::checking, HostEvent::ready_received, HostPhase::ready},
    Transition{HostPhase::staging, HostEvent::ready_received, HostPhase::ready},
    Transition{HostPhase::ready, HostEvent::start_sent, HostPhase::starting},
    Transition{HostPhase::starting, HostEvent::all_started, HostPhase::running},
    Transition{HostPhase::starting, HostEvent::all_done, HostPhase::done},
    Transition{HostPhase::running, HostEvent::all_done, HostPhase::done},
};

struct Description {
  HostPhase phase;
  const char* name;
  const char* overdue;  // nullptr: no deadline
  const char* doing;    // nullptr: others are waited for
};

constexpr std::array descriptions{
    Description{HostPhase::waiting, "waiting", nullptr, "its turn to log in"},
    Description{HostPhase::connecting, "connecting", "ssh has neither logged in nor failed",
                "ssh login"},
    Description{HostPhase::logged_in, "logged in",
                "the login has worked, but prun's agent does not answer", "its agent"},
    Description{HostPhase::receiving, "receiving the agent",
                "prun's agent was sent there and nothing has moved", "sending it the agent"},
    Description{HostPhase::agent_up, "agent up", nullptr, nullptr},
    Description{HostPhase::checking, "checking",
                "the agent has not finished its look at the program", "a look at the program"},
    Description{HostPhase::staging, "staging", "files were sent there and nothing has moved",
                "sending it files"},
    Description{HostPhase::ready, "ready", nullptr, nullptr},
    Description{HostPhase::starting, "starting", "its ranks have not all been started",
                "start of its ranks"},
    Description{HostPhase::running, "running", nullptr, nullptr},
    Description{HostPhase::done, "done", nullptr, nullptr},
    Description{HostPhase::failed, "failed", nullptr, nullptr},
};

const Description& describe(HostPhase phase) {
  return descriptions[static_cast<std::size_t>(phase)];
}

constexpr bool descriptions_in_order() {
  for (std::size_t i = 0; i < descriptions.size(); ++i) {
    if (descriptions[i].phase != static_cast<HostPhase>(i)) return false;
  }
  return true;
}
static_assert(descriptions_in_order());

}  // namespace

std::optional<HostPhase> next_phase(HostPhase phase, HostEvent event) {
  const auto found =
      std::find_if(transitions.begin(), transitions.end(), [&](const Transition& transition) {
        return transition.from == phase && transition.event == event;
      });
  if (found == transitions.end()) return std::nullopt;
  return found->to;
}

bool has_deadline(HostPhase phase) {
  return describe(phase).overdue != nullptr;
}

const char* overdue_words(HostPhase phase) {
  const char* words = describe(phase).overdue;
  return words != nullptr ? words : "";
}

const char* doing_words(HostPhase phase) {
  return describe(phase).doing;
}

const char* to_string(HostPhase phase) {
  return describe(phase).name;
}

bool may_arrive(HostPhase phase, ControlKind kind) {
  const bool alive = phase == HostPhase::starting || phase == HostPhase::running;
  switch (kind) {
    case ControlKind::agent_hello:
      return phase == HostPhase::connecting || phase == HostPhase::logged_in ||
             phase == HostPhase::receiving;
    case ControlKind::agent_ready:
    case ControlKind::stage_want:
      return phase == HostPhase::checking || phase == HostPhase::staging;
    case ControlKind::stage_progress:
      return phase == HostPhase::staging;
    case ControlKind::stage_unpassed:
      return phase >= HostPhase::staging && phase <= HostPhase::done;
    case ControlKind::beat:
    case ControlKind::probe_port:
      return phase >= HostPhase::agent_up && phase <= HostPhase::done;
    case ControlKind::agent_problem:
      return phase != HostPhase::waiting && phase != HostPhase::failed;
    case ControlKind::rank_started:  // in a job that runs, of one that is started again
    case ControlKind::rank_output:
    case ControlKind::input_credit:
    case ControlKind::input_wanted:
    case ControlKind::rank_endpoint:
    case ControlKind::clock_wanted:
    case ControlKind::rank_aborting:
    case ControlKind::peer_suspected:
    case ControlKind::survivors_asked:
    case ControlKind::rank_exited:
    case ControlKind::rank_done:
      return alive;
    case ControlKind::clock_port:  // a host whose ranks have ended tells the time to others
    case ControlKind::clock_known:
    case ControlKind::rank_stillness:
    case ControlKind::rank_state:
    case ControlKind::host_states:
      return alive || phase == HostPhase::done;
    default:
      return false;
  }
}

}  // namespace prun::job
