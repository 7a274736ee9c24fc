// Large payloads between real processes under `prun --compress=lz4`: whatever they are made of, they
// arrive as they were.
#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <random>
#include <string>
#include <vector>

#include "tests/ranks/rank_main.hpp"

namespace prun::test {
namespace {

using Bytes = std::vector<std::byte>;

constexpr std::size_t ten_megabytes = 10'000'003;

Bytes text(std::size_t count, unsigned seed) {
  std::minstd_rand random(seed + 1);
  Bytes bytes;
  bytes.reserve(count + 20);
  while (bytes.size() < count) {
    for (const char c : "word " + std::to_string(random() % 500) + ' ')
      bytes.push_back(static_cast<std::byte>(c));
  }
  bytes.resize(count);
  return bytes;
}

Bytes noise(std::size_t count, unsigned seed) {
  std::mt19937 random(seed + 1);
  Bytes bytes(count);
  for (std::byte& byte : bytes) byte = static_cast<std::byte>(random());
  return bytes;
}

// Text, noise, zeros and text again, none of them in whole blocks.
Bytes mixed(std::size_t count, unsigned seed) {
  Bytes bytes = text(count / 4, seed);
  const Bytes middle = noise(count / 4, seed);
  bytes.insert(bytes.end(), middle.begin(), middle.end());
  bytes.resize(bytes.size() + count / 4);
  const Bytes end = text(count - bytes.size(), seed + 100);
  bytes.insert(bytes.end(), end.begin(), end.end());
  return bytes;
}

// Every rank sends to the next and receives from the one before it.
template <class Make>
void pass_on(Make make, std::size_t bytes) {
  Communicator& ranks = world();
  const int next = (ranks.rank() + 1) % ranks.size();
  const int previous = (ranks.rank() + ranks.size() - 1) % ranks.size();
  const Bytes mine = make(bytes, static_cast<unsigned>(ranks.rank()));
  Bytes got(bytes);
  Request receive = ranks.irecv(std::span(got), previous, 1);
  Request send = ranks.isend(std::span<const std::byte>(mine), next, 1);
  receive.wait();
  send.wait();
  EXPECT_TRUE(got == make(bytes, static_cast<unsigned>(previous)));
}

TEST(Compression, TextArrivesAsItWas) {
  pass_on(text, ten_megabytes);
}

TEST(Compression, NoiseArrivesAsItWas) {
  pass_on(noise, ten_megabytes);
}

TEST(Compression, MixedDataArrivesAsItWas) {
  pass_on(mixed, ten_megabytes);
}

TEST(Compression, SizesAroundABlock) {
  for (const std::size_t bytes : {16'384u, 16'385u, 16'386u, 16'384u + 511, 16'384u + 512,
                                  16'384u + 513, 32'767u, 32'768u, 32'769u, 131'073u})
    pass_on(text, bytes);
}

// Several at once, among small ones that overtake them.
TEST(Compression, ManyAtOnce) {
  Communicator& ranks = world();
  const int next = (ranks.rank() + 1) % ranks.size();
  const int previous = (ranks.rank() + ranks.size() - 1) % ranks.size();
  constexpr int count = 8;
  std::vector<Bytes> out(count);
  std::vector<Bytes> in(count);
  std::vector<Request> requests;
  for (int i = 0; i < count; ++i) {
    const std::size_t bytes = i % 2 == 0 ? 700'000 : 10;
    out[static_cast<std::size_t>(i)] =
        mixed(bytes, static_cast<unsigned>(ranks.rank() * count + i));
    in[static_cast<std::size_t>(i)].resize(bytes);
    requests.push_back(ranks.irecv(std::span(in[static_cast<std::size_t>(i)]), previous, i));
  }
  for (int i = 0; i < count; ++i) {
    requests.push_back(
        ranks.isend(std::span<const std::byte>(out[static_cast<std::size_t>(i)]), next, i));
  }
  wait_all(requests);
  for (int i = 0; i < count; ++i) {
    const Bytes& got = in[static_cast<std::size_t>(i)];
    EXPECT_TRUE(got == mixed(got.size(), static_cast<unsigned>(previous * count + i))) << i;
  }
}

// A receive that is given up in the middle of its message; the next is whole.
TEST(Compression, WhatIsThrownAwayDoesNotHurtTheNext) {
  Communicator& ranks = world();
  const Bytes first = text(3'000'000, 1);
  ranks.barrier();
  if (ranks.rank() == 0 && ranks.size() > 1) {
    Request abandoned = ranks.isend(std::span<const std::byte>(first), 1, 1);
    Request kept = ranks.isend(std::span<const std::byte>(first), 1, 2);
    abandoned.wait();
    kept.wait();
  } else if (ranks.rank() == 1) {
    Bytes got(3'000'000);
    {
      Bytes gone(3'000'000);
      Request given_up = ranks.irecv(std::span(gone), 0, 1);
      try {
        given_up.wait(std::chrono::milliseconds(2));
      } catch (const Error& error) {
        EXPECT_EQ(error.code(), Errc::timed_out);
      }
    }
    ranks.recv(std::span(got), 0, 2);
    EXPECT_TRUE(got == first);
    // Given up before it was met: the message is still there.
    if (ranks.iprobe(0, 1)) ranks.recv(std::span(got), 0, 1);
  }
}

}  // namespace
}  // namespace prun::test
