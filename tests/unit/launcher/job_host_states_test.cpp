#include "launcher/job/host_states.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace prun::job {
namespace {

using bootstrap::ControlKind;

const std::vector<HostPhase> all_phases{
    HostPhase::waiting,  HostPhase::connecting, HostPhase::logged_in, HostPhase::agent_up,
    HostPhase::checking, HostPhase::ready,      HostPhase::starting,  HostPhase::running,
    HostPhase::done,     HostPhase::failed};
const std::vector<HostEvent> all_events{HostEvent::login_begun,    HostEvent::shell_seen,
                                        HostEvent::hello_received, HostEvent::setup_sent,
                                        HostEvent::ready_received, HostEvent::start_sent,
                                        HostEvent::all_started,    HostEvent::all_done};

TEST(HostStates, TheWholeWay) {
  auto phase = HostPhase::waiting;
  for (const auto event : all_events) {
    const auto next = next_phase(phase, event);
    ASSERT_TRUE(next) << to_string(phase);
    EXPECT_GT(*next, phase);
    phase = *next;
  }
  EXPECT_EQ(phase, HostPhase::done);
}

TEST(HostStates, NoWayBackAndNoneOutOfTheEnd) {
  for (const auto phase : all_phases) {
    for (const auto event : all_events) {
      const auto next = next_phase(phase, event);
      if (!next) continue;
      EXPECT_GT(*next, phase);
    }
  }
  for (const auto event : all_events) {
    EXPECT_FALSE(next_phase(HostPhase::done, event));
    EXPECT_FALSE(next_phase(HostPhase::failed, event));
  }
}

TEST(HostStates, WhatMustEndByItselfSaysWhatDidNotHappen) {
  for (const auto phase : all_phases)
    EXPECT_EQ(has_deadline(phase), std::string(overdue_words(phase)) != "");
  EXPECT_TRUE(has_deadline(HostPhase::connecting));
  EXPECT_FALSE(has_deadline(HostPhase::running));
}

TEST(HostStates, RanksSpeakOnlyOnceTheyAreStarted) {
  for (const auto kind :
       {ControlKind::rank_output, ControlKind::rank_exited, ControlKind::rank_done,
        ControlKind::rank_endpoint, ControlKind::rank_aborting, ControlKind::input_credit}) {
    for (const auto phase : all_phases) {
      EXPECT_EQ(may_arrive(phase, kind),
                phase == HostPhase::starting || phase == HostPhase::running);
    }
  }
}

TEST(HostStates, FilesAreSpokenOfWhileTheyAreOnTheirWay) {
  for (const auto phase : all_phases) {
    EXPECT_EQ(may_arrive(phase, ControlKind::stage_want),
              phase == HostPhase::checking || phase == HostPhase::staging);
    EXPECT_EQ(may_arrive(phase, ControlKind::stage_progress), phase == HostPhase::staging);
  }
  // One that has everything may still be passing it on.
  for (const auto phase : {HostPhase::staging, HostPhase::ready, HostPhase::starting,
                           HostPhase::running, HostPhase::done})
    EXPECT_TRUE(may_arrive(phase, ControlKind::stage_unpassed));
  EXPECT_FALSE(may_arrive(HostPhase::checking, ControlKind::stage_unpassed));
  EXPECT_FALSE(may_arrive(HostPhase::failed, ControlKind::stage_unpassed));
}

TEST(HostStates, SignsOfLifeComeFromTheFirstWordToTheLast) {
  for (const auto kind : {ControlKind::beat, ControlKind::probe_port}) {
    for (const auto phase : all_phases) {
      EXPECT_EQ(may_arrive(phase, kind), phase >= HostPhase::agent_up && phase <= HostPhase::done);
    }
  }
}

// The answer to a question may cross the end of the host's last rank.
TEST(HostStates, HostsSayWhatTheirRanksWaitForAndTellTheTimeUntilTheEnd) {
  for (const auto kind :
       {ControlKind::rank_stillness, ControlKind::rank_state, ControlKind::host_states,
        ControlKind::clock_port, ControlKind::clock_known}) {
    for (const auto phase : all_phases) {
      EXPECT_EQ(may_arrive(phase, kind), phase == HostPhase::starting ||
                                             phase == HostPhase::running ||
                                             phase == HostPhase::done);
    }
  }
}

TEST(HostStates, AgentsNeverSendWhatIsForThem) {
  for (const auto kind : {ControlKind::job_setup, ControlKind::start, ControlKind::stage_pass_on,
                          ControlKind::stage_source_lost, ControlKind::output_credit,
                          ControlKind::welcome, ControlKind::shutdown, ControlKind::watch,
                          static_cast<ControlKind>(0), static_cast<ControlKind>(200)}) {
    for (const auto phase : all_phases) EXPECT_FALSE(may_arrive(phase, kind));
  }
}

}  // namespace
}  // namespace prun::job
