// The launcher's watch against an agent's answers, over the loopback.
#include "launcher/job/host_watch.hpp"

#include <gtest/gtest.h>

#include "launcher/agent/probe_answerer.hpp"

namespace prun::job {
namespace {

using std::chrono::milliseconds;

// As short as a limit may be: what is looked at is who is told to be silent, never when.
constexpr milliseconds limit{500};

struct Told {
  std::vector<std::uint32_t> silent;
  std::vector<bool> answers;
  std::vector<std::uint32_t> beaten;
};

HostWatch::Handlers handlers_for(asio::io_context& io, Told& told) {
  told.answers.resize(2);
  return {.beat = [&told](std::uint32_t host) { told.beaten.push_back(host); },
          .counts =
              [&told](std::uint32_t host, bool answers) {
                told.answers[host] = answers;
                return true;
              },
          .silent =
              [&io, &told](const auto& hosts) {
                told.silent = hosts;
                io.stop();
              },
          .note = [](std::uint32_t, const std::string&) {}};
}

TEST(HostWatch, AHostThatAnswersDatagramsLivesThoughItsAgentSaysNothing) {
  asio::io_context io(1);
  Told told;
  HostWatch watch(io, limit, 2, handlers_for(io, told));
  const auto answerer = agent::ProbeAnswerer::open("127.0.0.1", {}, watch.begin(0).key);
  ASSERT_TRUE(answerer.ok()) << answerer.failure().text;
  watch.begin(1);
  watch.ask_at(0, "127.0.0.1", answerer.value()->port());
  io.run();
  EXPECT_EQ(told.silent, std::vector<std::uint32_t>{1});
  EXPECT_FALSE(told.answers[1]);
}

TEST(HostWatch, AnswersMadeWithAnotherKeyAreNone) {
  asio::io_context io(1);
  Told told;
  HostWatch watch(io, limit, 2, handlers_for(io, told));
  const auto other = watch.begin(1).key;
  watch.begin(0);
  watch.forget(1);
  const auto answerer = agent::ProbeAnswerer::open("127.0.0.1", {}, other);
  ASSERT_TRUE(answerer.ok()) << answerer.failure().text;
  watch.ask_at(0, "127.0.0.1", answerer.value()->port());
  io.run();
  EXPECT_EQ(told.silent, std::vector<std::uint32_t>{0});
  EXPECT_FALSE(told.answers[0]);
}

TEST(HostWatch, SaysSomethingToThoseItFollows) {
  asio::io_context io(1);
  Told told;
  HostWatch watch(io, limit, 2, handlers_for(io, told));
  watch.begin(1);
  io.run();
  ASSERT_FALSE(told.beaten.empty());
  for (const auto host : told.beaten) EXPECT_EQ(host, 1u);
}

TEST(HostWatch, AnAddressThatIsNoneCannotBeAsked) {
  asio::io_context io(1);
  Told told;
  HostWatch watch(io, limit, 2, handlers_for(io, told));
  watch.begin(0);
  watch.ask_at(0, "not an address", 1);
  watch.ask_at(1, "127.0.0.1", 1);  // not followed
  io.run();
  EXPECT_EQ(told.silent, std::vector<std::uint32_t>{0});
}

}  // namespace
}  // namespace prun::job
