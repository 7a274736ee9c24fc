#include "launcher/ssh/mux_protocol.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace prun::ssh {
namespace {

using namespace std::string_literals;
using State = MuxReplies::State;

std::span<const std::byte> bytes(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

const std::string hello = "\0\0\0\10\0\0\0\1\0\0\0\4"s;
const std::string opened = "\0\0\0\14\x80\0\0\6\0\0\0\0\0\0\1\2"s;
const std::string exited = "\0\0\0\14\x80\0\0\4\0\0\1\2\0\0\0\5"s;

State state_after(const std::string& words) {
  MuxReplies replies;
  return replies.feed(bytes(words));
}

TEST(MuxProtocol, TheRequest) {
  const auto request = session_request("ls", {"A=1", "no variable", "B="});
  const std::string text(reinterpret_cast<const char*>(request.data()), request.size());
  EXPECT_EQ(text, hello +
                      "\0\0\0\67\x10\0\0\2\0\0\0\0"         // length, kind, number
                      "\0\0\0\0"                            // reserved
                      "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"    // four flags
                      "\xff\xff\xff\xff\0\0\0\0\0\0\0\2ls"  // escape, terminal, command
                      "\0\0\0\3A=1\0\0\0\2B="s);
}

TEST(MuxProtocol, ASession) {
  MuxReplies replies;
  EXPECT_EQ(replies.feed(bytes(hello)), State::waiting);
  EXPECT_EQ(replies.feed(bytes(opened)), State::opened);
  EXPECT_FALSE(replies.exit_value());
  EXPECT_EQ(replies.feed(bytes(exited)), State::exited);
  EXPECT_EQ(replies.exit_value(), 5U);
}

TEST(MuxProtocol, ByteByByteAndAllAtOnce) {
  const std::string all = hello + opened + exited;
  MuxReplies replies;
  for (std::size_t i = 0; i + 1 < all.size(); ++i)
    ASSERT_NE(replies.feed(bytes(all.substr(i, 1))), State::failed) << i;
  EXPECT_EQ(replies.feed(bytes(all.substr(all.size() - 1))), State::exited);
  EXPECT_EQ(state_after(all), State::exited);
}

TEST(MuxProtocol, ExtensionsOfTheGreeting) {
  EXPECT_EQ(state_after("\0\0\0\22\0\0\0\1\0\0\0\4\0\0\0\1x\0\0\0\1y"s + opened), State::opened);
}

TEST(MuxProtocol, WhatIsNoAnswer) {
  EXPECT_EQ(state_after("\0\0\0\10\0\0\0\1\0\0\0\5"s), State::failed);  // version
  EXPECT_EQ(state_after("\0\0\0\4\0\0\0\1"s), State::failed);           // none
  EXPECT_EQ(state_after(opened), State::failed);                        // no greeting
  EXPECT_EQ(state_after(hello + hello), State::failed);
  EXPECT_EQ(state_after(hello + exited), State::failed);                                  // not yet
  EXPECT_EQ(state_after(hello + "\0\0\0\14\x80\0\0\6\0\0\0\1\0\0\0\2"s), State::failed);  // number
  EXPECT_EQ(state_after(hello + "\0\0\0\10\x80\0\0\6\0\0\0\0"s), State::failed);          // short
  EXPECT_EQ(state_after(hello + opened + "\0\0\0\14\x80\0\0\4\0\0\1\3\0\0\0\5"s),
            State::failed);  // another session
  EXPECT_EQ(state_after(hello + opened + exited + exited), State::failed);
}

TEST(MuxProtocol, LengthsThatCannotBe) {
  EXPECT_EQ(state_after("\0\0\0\0"s), State::failed);
  EXPECT_EQ(state_after("\0\0\0\3abc"s), State::failed);
  EXPECT_EQ(state_after("\0\4\0\1"s), State::failed);
  EXPECT_EQ(state_after("\xff\xff\xff\xff"s), State::failed);
  EXPECT_EQ(state_after("\0\4\0\0"s), State::waiting);
}

}  // namespace
}  // namespace prun::ssh
