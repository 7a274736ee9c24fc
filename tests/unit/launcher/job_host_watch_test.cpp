// The launcher's watch against an agent's answers, over the loopback.
#include "launcher/job/host_watch.hpp"

#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <utility>
#include <vector>

#include "launcher/agent/probe_answerer.hpp"

namespace prun::job {
namespace {

using std::chrono::milliseconds;

// As short as a limit may be: what is looked at is who is told to be silent, never when.
constexpr milliseconds limit{500};

// A watch over hosts 0 and 1, and what it says of them until it finds one silent.
class HostWatchTest : public testing::Test {
 protected:
  HostWatch::Handlers handlers() {
    return {.beat = [this](std::uint32_t host) { beaten_.push_back(host); },
            .counts =
                [this](std::uint32_t host, bool answers) {
                  answers_[host] = answers;
                  return true;
                },
            .silent =
                [this](const auto& hosts) {
                  silent_ = hosts;
                  io_.stop();
                },
            .note = [](std::uint32_t, const std::string&) {}};
  }

  // Host 0 is asked, and answers those who have this key.
  void answer_for_host_0(const security::Key& key) {
    auto opened = agent::ProbeAnswerer::open("127.0.0.1", {}, key);
    ASSERT_TRUE(opened.ok()) << opened.failure().text;
    answerer_ = std::move(opened).value();
    watch_.ask_at(0, "127.0.0.1", answerer_->port());
  }

  asio::io_context io_{1};
  std::vector<std::uint32_t> silent_;
  std::vector<std::uint32_t> beaten_;
  std::array<bool, 2> answers_{};
  HostWatch watch_{io_, limit, 2, handlers()};
  std::unique_ptr<agent::ProbeAnswerer> answerer_;
};

TEST_F(HostWatchTest, AHostThatAnswersDatagramsLivesThoughItsAgentSaysNothing) {
  answer_for_host_0(watch_.begin(0).key);
  watch_.begin(1);
  io_.run();
  EXPECT_EQ(silent_, std::vector<std::uint32_t>{1});
  EXPECT_FALSE(answers_[1]);
}

TEST_F(HostWatchTest, AnswersMadeWithAnotherKeyAreNone) {
  const auto other = watch_.begin(1).key;
  watch_.begin(0);
  watch_.forget(1);
  answer_for_host_0(other);
  io_.run();
  EXPECT_EQ(silent_, std::vector<std::uint32_t>{0});
  EXPECT_FALSE(answers_[0]);
}

TEST_F(HostWatchTest, SaysSomethingToThoseItFollows) {
  watch_.begin(1);
  io_.run();
  ASSERT_FALSE(beaten_.empty());
  for (const auto host : beaten_) EXPECT_EQ(host, 1u);
}

TEST_F(HostWatchTest, AnAddressThatIsNoneCannotBeAsked) {
  watch_.begin(0);
  watch_.ask_at(0, "not an address", 1);
  watch_.ask_at(1, "127.0.0.1", 1);  // not followed
  io_.run();
  EXPECT_EQ(silent_, std::vector<std::uint32_t>{0});
}

}  // namespace
}  // namespace prun::job
