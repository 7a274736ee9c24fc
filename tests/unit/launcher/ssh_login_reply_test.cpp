#include "launcher/ssh/login_reply.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "runtime/bootstrap/control_frame.hpp"

namespace prun::ssh {
namespace {

using State = LoginReply::State;

std::span<const std::byte> bytes(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

std::string text(std::span<const std::byte> data) {
  return {reinterpret_cast<const char*>(data.data()), data.size()};
}

TEST(LoginReply, GreetingAlone) {
  LoginReply reply;
  EXPECT_EQ(reply.feed(bytes("\nprun-agent 5\nframes")), State::greeted);
  EXPECT_EQ(text(reply.rest()), "frames");
  EXPECT_FALSE(reply.shell_seen());
}

TEST(LoginReply, BytesOneByOne) {
  LoginReply reply;
  const std::string all = "Welcome!\nunfinished\nprun-shell /x/prun\n\nprun-agent 5\n";
  for (std::size_t i = 0; i + 1 < all.size(); ++i)
    ASSERT_EQ(reply.feed(bytes(all.substr(i, 1))), State::waiting) << i;
  EXPECT_EQ(reply.path(), "/x/prun");
  EXPECT_EQ(reply.feed(bytes("\n")), State::greeted);
  EXPECT_TRUE(reply.rest().empty());
  EXPECT_EQ(reply.noise(), "Welcome!\nunfinished");
}

TEST(LoginReply, WordsLikeOursInTheNoise) {
  LoginReply reply;
  EXPECT_EQ(reply.feed(bytes("prun-agent 5\n\nprun-agent one\n\nprun-agent 5 \n\nprun-agent \n")),
            State::waiting);
  EXPECT_EQ(reply.feed(bytes("x\nprun-agent 5\n")), State::greeted);
}

TEST(LoginReply, AnotherNumber) {
  LoginReply reply;
  EXPECT_EQ(reply.feed(bytes("\nprun-agent 17")), State::waiting);
  EXPECT_EQ(reply.feed(bytes("\n")), State::other_version);
  EXPECT_EQ(reply.detail(), "prun-agent 17");
}

TEST(LoginReply, AgentThatMustBeSent) {
  LoginReply reply;
  EXPECT_EQ(reply.feed(bytes("noise\nprun-shell /x/agent\n\nprun-need armhf-1")), State::waiting);
  EXPECT_TRUE(reply.needed().empty());
  EXPECT_EQ(reply.feed(bytes("2ab\n")), State::waiting);
  EXPECT_EQ(reply.needed(), "armhf-12ab");
  EXPECT_EQ(reply.feed(bytes(bootstrap::agent_greeting)), State::greeted);
  EXPECT_EQ(reply.noise(), "noise");
}

TEST(LoginReply, WhyThereIsNoAgent) {
  for (const auto& [marker, state] :
       {std::pair{"machine", State::unknown_machine}, std::pair{"no-room", State::no_room},
        std::pair{"unsent", State::unsent}}) {
    LoginReply reply;
    EXPECT_EQ(reply.feed(bytes(std::string("noise\nprun-") + marker + " wo")), State::waiting);
    EXPECT_EQ(reply.feed(bytes("rds\n")), state) << marker;
    EXPECT_EQ(reply.detail(), "words");
  }
}

TEST(LoginReply, NoiseUpToTheLimitAndNotBeyond) {
  const std::string most(LoginReply::most_noise_bytes, '\n');
  LoginReply reply;
  EXPECT_EQ(reply.feed(bytes(most)), State::waiting);
  EXPECT_EQ(reply.feed(bytes("\nprun-agent 5\n")), State::greeted);

  LoginReply late;
  EXPECT_EQ(late.feed(bytes(most + "xx\nprun-agent 5\n")), State::too_much_noise);
}

TEST(LoginReply, ManyFrameBytesBehindTheGreetingAreNoNoise) {
  const std::string frames(3 * LoginReply::most_noise_bytes, 'f');
  LoginReply reply;
  EXPECT_EQ(reply.feed(bytes("\nprun-agent 5\n" + frames)), State::greeted);
  EXPECT_EQ(reply.rest().size(), frames.size());
}

}  // namespace
}  // namespace prun::ssh
