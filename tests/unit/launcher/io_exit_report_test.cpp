#include "launcher/io/exit_report.hpp"

#include <gtest/gtest.h>

namespace prun::io {
namespace {

using bootstrap::RankPhase;

RankEnd signalled(std::uint8_t number, std::string host = "rpi4") {
  return RankEnd{3, std::move(host), true, number, RankPhase::joined};
}

RankEnd exited(std::uint8_t status, RankPhase phase) {
  return RankEnd{2, "rpi3", false, status, phase};
}

TEST(ExitReport, Signals) {
  EXPECT_EQ(signal_text(11), "signal 11 (segmentation fault)");
  EXPECT_EQ(signal_text(9), "signal 9 (killed)");
  EXPECT_EQ(signal_text(15), "signal 15 (terminated)");
  EXPECT_EQ(signal_text(40), "signal 40 (real-time signal)");
  EXPECT_EQ(signal_text(99), "signal 99");
  for (int number = 1; number < 32; ++number) EXPECT_FALSE(signal_text(number).empty());
}

TEST(ExitReport, DeathBySignal) {
  EXPECT_EQ(end_sentence(signalled(11)), "rank 3 on rpi4 died: signal 11 (segmentation fault)");
  EXPECT_EQ(cause_text(signalled(11)), "died: signal 11 (segmentation fault)");
  EXPECT_EQ(end_sentence(signalled(11, "")), "rank 3 died: signal 11 (segmentation fault)");
  EXPECT_EQ(exit_status_of(signalled(11)), 139);
  EXPECT_TRUE(is_failure(signalled(15)));
}

TEST(ExitReport, KillHintsAtMemory) {
  EXPECT_EQ(end_sentence(signalled(9)),
            "rank 3 on rpi4 died: signal 9 (killed); if nobody killed it, rpi4 ran out of memory: "
            "see `dmesg` there");
  EXPECT_EQ(cause_text(signalled(9)), "died: signal 9 (killed)");
  EXPECT_EQ(end_sentence(signalled(9, "")),
            "rank 3 died: signal 9 (killed); if nobody killed it, this machine ran out of memory: "
            "see `dmesg` there");
  EXPECT_EQ(exit_status_of(signalled(9)), 137);
}

TEST(ExitReport, IllegalInstructionHintsAtTheProcessor) {
  EXPECT_EQ(end_sentence(signalled(4)),
            "rank 3 on rpi4 died: signal 4 (illegal instruction); the program may be built for "
            "another processor than "
            "that of rpi4");
}

TEST(ExitReport, StatusOtherThanZero) {
  for (const auto phase : {RankPhase::never_joined, RankPhase::joined, RankPhase::finalized}) {
    const RankEnd end = exited(3, phase);
    EXPECT_EQ(end_sentence(end), "rank 2 on rpi3 exited with status 3");
    EXPECT_EQ(exit_status_of(end), 3);
    EXPECT_TRUE(is_failure(end));
  }
}

TEST(ExitReport, EndWithoutFinalize) {
  const RankEnd end = exited(0, RankPhase::joined);
  EXPECT_TRUE(is_failure(end));
  EXPECT_EQ(end_sentence(end),
            "rank 2 on rpi3 ended without finalize (exit status 0): it left while its "
            "prun::Environment was in use; "
            "let main return instead of calling exit()");
  EXPECT_EQ(cause_text(end), "ended without finalize (exit status 0)");
  EXPECT_EQ(exit_status_of(end), 1);
}

TEST(ExitReport, Success) {
  for (const auto phase : {RankPhase::never_joined, RankPhase::finalized}) {
    EXPECT_FALSE(is_failure(exited(0, phase)));
    EXPECT_EQ(exit_status_of(exited(0, phase)), 0);
    EXPECT_EQ(end_sentence(exited(0, phase)), "rank 2 on rpi3 exited with status 0");
  }
}

TEST(ExitReport, Abort) {
  EXPECT_EQ(abort_sentence(1, "rpi2", 5, "no input"),
            "rank 1 on rpi2 ended the job with status 5: no input");
  EXPECT_EQ(abort_sentence(1, "rpi2", 0, ""), "rank 1 on rpi2 ended the job with status 1");
  EXPECT_EQ(exit_status_of_abort(255), 255);
  EXPECT_EQ(exit_status_of_abort(256), 1);
  EXPECT_EQ(exit_status_of_abort(-1), 1);
}

TEST(ExitReport, TimeLimit) {
  EXPECT_EQ(time_limit_sentence(std::chrono::milliseconds(30000)),
            "the job was ended at its time limit of 30 s (--timeout)");
  EXPECT_EQ(time_limit_sentence(std::chrono::milliseconds(1500)),
            "the job was ended at its time limit of 1.5 s (--timeout)");
}

TEST(ExitReport, Silence) {
  using std::chrono::milliseconds;
  EXPECT_EQ(silence_words(milliseconds(4012)), "stopped answering 4 s ago");
  EXPECT_EQ(silence_words(milliseconds(3600)), "stopped answering 4 s ago");
  EXPECT_EQ(silence_words(milliseconds(2000)), "stopped answering 2 s ago");
  EXPECT_EQ(silence_words(milliseconds(1960)), "stopped answering 2 s ago");
  EXPECT_EQ(silence_words(milliseconds(540)), "stopped answering 0.5 s ago");
  EXPECT_EQ(silence_words(milliseconds(61'000)), "stopped answering 61 s ago");
}

}  // namespace
}  // namespace prun::io
