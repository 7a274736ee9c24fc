// Point to point as programs use it, between real processes. Each test is written for any number of
// ranks: ranks that have no partner in it stand by.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <cereal/types/map.hpp>
#include <cereal/types/string.hpp>
#include <cereal/types/vector.hpp>
#include <chrono>
#include <fstream>
#include <map>
#include <numeric>
#include <prun/serialize.hpp>
#include <string>
#include <vector>

#include "tests/ranks/rank_main.hpp"

namespace prun::test {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::HasSubstr;

struct Point {
  double x;
  std::int32_t id;
  bool operator==(const Point&) const = default;
};

std::vector<std::uint64_t> pattern(std::size_t count, std::uint64_t seed) {
  std::vector<std::uint64_t> values(count);
  for (std::size_t i = 0; i < count; ++i) values[i] = seed * 1'000'003 + i * 7;
  return values;
}

// Runs one side on rank 0 and the other on rank 1.
template <class Zero, class One>
void pair_of_ranks(Zero zero, One one) {
  if (world().size() < 2) return;
  if (world().rank() == 0) zero();
  if (world().rank() == 1) one();
}

// The Error that a call throws; fails the test if it throws none.
template <class Call>
Error error_of(Call call) {
  try {
    call();
  } catch (const Error& error) {
    return error;
  }
  ADD_FAILURE() << "no Error was thrown";
  return Error(Errc::bad_data, "none");
}

TEST(PointToPoint, CarriesEveryKindOfValue) {
  const std::map<std::string, std::vector<std::int32_t>> table{
      {"one", {1}}, {"none", {}}, {"three", {1, 2, 3}}};
  pair_of_ranks(
      [&] {
        world().send(42, 1, 1);
        world().send(std::vector<double>{1.5, 2.5}, 1, 2);
        world().send(std::string("text"), 1, 3);
        world().send("literal", 1, 4);
        world().send(Point{0.5, 9}, 1, 5);
        world().send(std::array<std::int16_t, 3>{1, 2, 3}, 1, 6);
        world().send(std::vector<float>{}, 1, 7);
        const std::int64_t c_array[2] = {7, 8};
        world().send(c_array, 1, 8);
        world().send(std::complex<double>(1, 2), 1, 9);
        world().send(table, 1, 10);
        world().send(std::vector<std::string>{"a", "", "ccc"}, 1, 11);
        world().send(true, 1, 12);
      },
      [&] {
        EXPECT_EQ(world().recv<int>(0, 1), 42);
        EXPECT_EQ(world().recv<std::vector<double>>(0, 2), (std::vector<double>{1.5, 2.5}));
        EXPECT_EQ(world().recv<std::string>(0, 3), "text");
        EXPECT_EQ(world().recv<std::string>(0, 4), "literal");
        EXPECT_EQ(world().recv<Point>(0, 5), (Point{0.5, 9}));
        std::array<std::int16_t, 3> small{};
        EXPECT_EQ(world().recv(small, 0, 6).count, 3u);
        EXPECT_EQ(small[2], 3);
        EXPECT_TRUE(world().recv<std::vector<float>>(0, 7).empty());
        std::int64_t c_array[2] = {};
        world().recv(c_array, 0, 8);
        EXPECT_EQ(c_array[1], 8);
        EXPECT_EQ(world().recv<std::complex<double>>(0, 9), std::complex<double>(1, 2));
        using Table = std::map<std::string, std::vector<std::int32_t>>;
        EXPECT_EQ(world().recv<Table>(0, 10), table);
        EXPECT_EQ(world().recv<std::vector<std::string>>(0, 11),
                  (std::vector<std::string>{"a", "", "ccc"}));
        EXPECT_TRUE(world().recv<bool>(0, 12));
      });
}

// Elements of 8 bytes: 2048 of them are the eager limit, 8192 the scratch buffer of a connection.
constexpr std::size_t sizes_around_limits[] = {0,    1,    2047, 2048,   2049,
                                               8191, 8192, 8193, 40'000, 1'000'000};

TEST(PointToPoint, CarriesEverySizeAroundTheLimits) {
  pair_of_ranks(
      [] {
        for (const std::size_t count : sizes_around_limits) {
          world().send(pattern(count, count), 1, 3);
        }
      },
      [] {
        for (const std::size_t count : sizes_around_limits) {
          EXPECT_EQ(world().recv<std::vector<std::uint64_t>>(0, 3), pattern(count, count)) << count;
        }
      });
}

TEST(PointToPoint, ASpanIsFilledFromItsFrontAndTheStatusSaysHowFar) {
  pair_of_ranks(
      [] {
        world().send(std::vector<std::int32_t>{1, 2, 3}, 1, 5);
      },
      [] {
        std::vector<std::int32_t> room(5, -1);
        const Status status = world().recv(std::span(room), any_source, any_tag);
        EXPECT_EQ(status.source, 0);
        EXPECT_EQ(status.tag, 5);
        EXPECT_EQ(status.count, 3u);
        EXPECT_EQ(room, (std::vector<std::int32_t>{1, 2, 3, -1, -1}));
      });
}

TEST(PointToPoint, SymmetricLargeSendsComplete) {
  if (world().size() < 2 || world().rank() > 1) return;
  const int other = 1 - world().rank();
  const auto mine = pattern(10'000'000 / 8, static_cast<std::uint64_t>(world().rank()));
  world().send(mine, other, 1);
  EXPECT_EQ(world().recv<std::vector<std::uint64_t>>(other, 1),
            pattern(mine.size(), static_cast<std::uint64_t>(other)));
}

TEST(PointToPoint, EveryoneSendsToTheNextBeforeReceiving) {
  const int next = (world().rank() + 1) % world().size();
  const int before = (world().rank() + world().size() - 1) % world().size();
  const auto mine = pattern(200'000, static_cast<std::uint64_t>(world().rank()));
  world().send(mine, next, 2);  // with one rank: to itself
  EXPECT_EQ(world().recv<std::vector<std::uint64_t>>(before, 2),
            pattern(200'000, static_cast<std::uint64_t>(before)));
}

TEST(PointToPoint, MessagesMatchInTheOrderSent) {
  pair_of_ranks(
      [] {
        // Large and small in turn: the small ones must not overtake in matching.
        for (std::uint64_t i = 0; i < 40; ++i)
          world().send(pattern(i % 2 == 0 ? 10'000 : 1, i), 1, 4);
      },
      [] {
        for (std::uint64_t i = 0; i < 40; ++i) {
          EXPECT_EQ(world().recv<std::vector<std::uint64_t>>(any_source, 4),
                    pattern(i % 2 == 0 ? 10'000 : 1, i));
        }
      });
}

TEST(PointToPoint, TagsChooseAmongMessagesThatWait) {
  pair_of_ranks(
      [] {
        for (int tag = 0; tag < 5; ++tag) world().send(tag * 10, 1, tag);
      },
      [] {
        for (int tag = 4; tag >= 0; --tag) EXPECT_EQ(world().recv<int>(0, tag), tag * 10);
      });
}

TEST(PointToPoint, AnySourceHearsEveryone) {
  if (world().rank() != 0) {
    world().send(world().rank(), 0, 6);
    return;
  }
  int sum = 0;
  for (int i = 1; i < world().size(); ++i) {
    int value = 0;
    const Status status = world().recv(value, any_source, 6);
    EXPECT_EQ(status.source, value);
    sum += value;
  }
  EXPECT_EQ(sum, world().size() * (world().size() - 1) / 2);
}

TEST(PointToPoint, ARankCanSendToItself) {
  for (const std::size_t count : {std::size_t{3}, std::size_t{500'000}}) {
    Request incoming;
    std::vector<std::uint64_t> got;
    incoming = world().irecv(got, world().rank(), 9);
    world().send(pattern(count, 1), world().rank(), 9);
    EXPECT_EQ(incoming.wait().count, count);
    EXPECT_EQ(got, pattern(count, 1));
    // Also sent first: it waits in memory.
    world().send(pattern(count, 2), world().rank(), 9);
    EXPECT_EQ(world().recv<std::vector<std::uint64_t>>(world().rank(), 9), pattern(count, 2));
  }
}

TEST(PointToPoint, SynchronousSendReturnsAfterTheMatch) {
  pair_of_ranks(
      [] {
        Request request = world().issend(7, 1, 1);
        world().send(1, 1, 2);
        EXPECT_EQ(world().recv<int>(1, 3),
                  1);  // rank 1 has everything but has matched nothing of tag 1
        EXPECT_FALSE(request.test().has_value());
        world().send(1, 1, 4);
        request.wait();
        world().ssend(8, 1, 5);
      },
      [] {
        EXPECT_EQ(world().recv<int>(0, 2), 1);
        world().send(1, 0, 3);
        EXPECT_EQ(world().recv<int>(0, 4), 1);
        EXPECT_EQ(world().recv<int>(0, 1), 7);
        EXPECT_EQ(world().recv<int>(0, 5), 8);
      });
}

TEST(PointToPoint, SendrecvNeedsNoOrder) {
  const int next = (world().rank() + 1) % world().size();
  const int before = (world().rank() + world().size() - 1) % world().size();
  std::vector<std::uint64_t> got;
  const auto mine = pattern(50'000, static_cast<std::uint64_t>(world().rank()));
  const Status status = world().sendrecv(mine, next, 3, got, before, 3);
  EXPECT_EQ(status.source, before);
  EXPECT_EQ(got, pattern(50'000, static_cast<std::uint64_t>(before)));
}

TEST(Requests, AllAnySomeAndTest) {
  pair_of_ranks(
      [] {
        std::vector<Request> sends;
        for (int i = 0; i < 8; ++i)
          sends.push_back(world().isend(std::vector<int>(5'000, i), 1, i));
        wait_all(sends);
        for (const Request& request : sends) EXPECT_FALSE(request.active());
        world().send(1, 1, 100);
        world().recv<int>(1, 101);
        world().send(2, 1, 102);
      },
      [] {
        std::vector<std::vector<int>> got(8);
        std::vector<Request> receives;
        for (int i = 0; i < 8; ++i)
          receives.push_back(world().irecv(got[static_cast<std::size_t>(i)], 0, i));
        std::size_t ended = 0;
        const Completed first = wait_any(receives);
        EXPECT_EQ(first.status.tag, static_cast<int>(first.index));
        ++ended;
        while (ended < 8) ended += wait_some(receives).size();
        for (int i = 0; i < 8; ++i)
          EXPECT_EQ(got[static_cast<std::size_t>(i)], std::vector<int>(5'000, i));
        EXPECT_EQ(error_of([&] { wait_any(receives); }).code(), Errc::invalid_argument);

        int a = 0;
        int b = 0;
        std::vector<Request> two;
        two.push_back(world().irecv(a, 0, 100));
        two.push_back(world().irecv(b, 0, 102));
        EXPECT_EQ(wait_any(two).index, 0u);
        EXPECT_FALSE(test_any(two).has_value());
        EXPECT_FALSE(test_all(two).has_value());
        EXPECT_TRUE(test_some(two).empty());
        world().send(1, 0, 101);
        wait_all(two, 10s);
        EXPECT_TRUE(test_all(two).has_value());  // none active: all are complete
        EXPECT_EQ(a + b, 3);
      });
}

TEST(Requests, OwnTheirBuffersWhenTheyAreGivenThem) {
  pair_of_ranks(
      [] {
        Request kept = world().isend(pattern(100'000, 5), 1, 1);
        Request number = world().isend(std::int64_t{77}, 1, 2);
        kept.wait();
        number.wait();
        // Destroyed while active: goes on from a copy.
        { const Request dropped = world().isend(pattern(100'000, 6), 1, 3); }
        world().recv<int>(1, 4);
        world().send(8, 1, 5);
      },
      [] {
        Incoming<std::vector<std::uint64_t>> incoming =
            world().irecv<std::vector<std::uint64_t>>(0, 1);
        EXPECT_EQ(incoming.get(), pattern(100'000, 5));
        EXPECT_EQ(incoming.status()->count, 100'000u);
        EXPECT_EQ(world().recv<std::int64_t>(0, 2), 77);
        EXPECT_EQ(world().recv<std::vector<std::uint64_t>>(0, 3), pattern(100'000, 6));
        // A receive that is given up before its message comes leaves it to the next one.
        {
          int nobody = 0;
          const Request dropped = world().irecv(nobody, 0, 5);
        }
        world().send(1, 0, 4);
        EXPECT_EQ(world().recv<int>(0, 5), 8);
      });
}

TEST(Requests, CancelWithdrawsAReceiveThatNothingHasMet) {
  int value = 0;
  Request request = world().irecv(value, world().rank(), 50);
  EXPECT_TRUE(request.cancel());
  EXPECT_EQ(error_of([&] { request.wait(); }).code(), Errc::cancelled);
  EXPECT_FALSE(request.active());
  world().send(5, world().rank(), 50);
  EXPECT_EQ(world().recv<int>(world().rank(), 50), 5);
}

TEST(Requests, WaitingTwiceIsAnError) {
  Request request = world().isend(1, world().rank(), 51);
  EXPECT_EQ(world().recv<int>(world().rank(), 51), 1);
  request.wait();
  const Error twice = error_of([&] { request.wait(); });
  EXPECT_EQ(twice.code(), Errc::invalid_argument);
  EXPECT_THAT(twice.what(), HasSubstr("waited for already"));
}

TEST(Probe, LooksWithoutTaking) {
  pair_of_ranks(
      [] {
        world().send(pattern(30, 1), 1, 8);
        world().send(pattern(300'000, 2), 1, 9);
      },
      [] {
        EXPECT_FALSE(world().iprobe(0, 77).has_value());
        const Status small = world().probe(any_source, 8);
        EXPECT_EQ(small.count, 30u);
        EXPECT_EQ(small.source, 0);
        const Status large = world().probe(0, 9);
        EXPECT_EQ(large.count, 300'000u);
        EXPECT_EQ(large.type, datatype_of<std::uint64_t>());
        std::vector<std::uint64_t> place(300'000);
        world().recv(std::span(place), 0, 9);
        EXPECT_EQ(place, pattern(300'000, 2));
        EXPECT_EQ(world().recv<std::vector<std::uint64_t>>(0, 8), pattern(30, 1));
      });
}

TEST(Deadlines, EndAWaitAndLoseNoMessage) {
  pair_of_ranks(
      [] {
        const Error late = error_of([] { world().recv<int>(1, 1, 20ms); });
        EXPECT_EQ(late.code(), Errc::timed_out);
        EXPECT_THAT(late.what(), HasSubstr("recv from 1, tag 1"));
        EXPECT_EQ(error_of([] { world().probe(1, 1, 5ms); }).code(), Errc::timed_out);
        int value = 0;
        Request request = world().irecv(value, 1, 1);
        EXPECT_EQ(error_of([&] { request.wait(5ms); }).code(), Errc::timed_out);
        EXPECT_TRUE(request.active());
        world().send(1, 1, 2);
        request.wait(30s);
        EXPECT_EQ(value, 99);
        // A large send nobody takes: the sender gives up waiting, the message goes on from a copy.
        EXPECT_EQ(error_of([] { world().ssend(pattern(10'000, 3), 1, 3, 20ms); }).code(),
                  Errc::timed_out);
        world().send(1, 1, 4);
      },
      [] {
        world().recv<int>(0, 2);
        world().send(99, 0, 1);
        world().recv<int>(0, 4);
        EXPECT_EQ(world().recv<std::vector<std::uint64_t>>(0, 3), pattern(10'000, 3));
      });
}

TEST(Errors, AWrongTypeNamesBothSides) {
  pair_of_ranks(
      [] {
        world().send(std::vector<double>{1, 2, 3}, 1, 7);
        world().send(std::vector<double>(100'000), 1, 7);
        world().send(Point{}, 1, 7);
      },
      [] {
        for (const int count : {3, 100'000}) {
          const Error wrong = error_of([] { world().recv<std::vector<std::int32_t>>(0, 7); });
          EXPECT_EQ(wrong.code(), Errc::type_mismatch);
          EXPECT_EQ(wrong.peer(), 0);
          EXPECT_THAT(
              wrong.what(),
              AllOf(HasSubstr("rank 1"), HasSubstr("rank 0"), HasSubstr("tag 7"),
                    HasSubstr(std::to_string(count) + " x double"), HasSubstr("takes int32")));
        }
        struct Other {
          double a;
          double b;
        };
        EXPECT_EQ(error_of([] { world().recv<Other>(0, 7); }).code(), Errc::type_mismatch);
      });
}

TEST(Errors, TooSmallABufferNamesBothCounts) {
  pair_of_ranks(
      [] {
        world().send(std::vector<int>(10), 1, 7);
        world().send(std::vector<int>(100'000), 1, 7);
        world().send(std::vector<int>(2), 1, 7);
        world().send(5, 1, 7);
      },
      [] {
        std::vector<int> small(4);
        for (const char* count : {"10 x int32", "100000 x int32"}) {
          const Error wrong = error_of([&] { world().recv(std::span(small), 0, 7); });
          EXPECT_EQ(wrong.code(), Errc::truncated);
          EXPECT_THAT(wrong.what(), AllOf(HasSubstr(count), HasSubstr("room for 4")));
        }
        const Error not_one = error_of([] { world().recv<int>(0, 7); });
        EXPECT_EQ(not_one.code(), Errc::truncated);
        EXPECT_THAT(not_one.what(), HasSubstr("takes exactly 1"));
        EXPECT_EQ(world().recv<int>(0, 7), 5);  // what follows is unharmed
      });
}

TEST(Errors, MisuseIsToldAtOnce) {
  const int size = world().size();
  const Error no_rank = error_of([&] { world().send(1, size + 3); });
  EXPECT_EQ(no_rank.code(), Errc::invalid_argument);
  EXPECT_THAT(no_rank.what(), HasSubstr("there is no rank " + std::to_string(size + 3)));
  EXPECT_EQ(error_of([&] { world().recv<int>(-1, 0); }).code(), Errc::invalid_argument);
  const Error bad_tag = error_of([] { world().send(1, 0, -5); });
  EXPECT_EQ(bad_tag.code(), Errc::invalid_argument);
  EXPECT_THAT(bad_tag.what(), HasSubstr("a tag is 0 or more, this one is -5"));
  EXPECT_EQ(error_of([] { Communicator().rank(); }).code(), Errc::invalid_argument);
  EXPECT_EQ(error_of([] { Environment second; }).code(), Errc::invalid_argument);
  EXPECT_EQ(error_of([&] { world().host(size); }).code(), Errc::invalid_argument);
}

TEST(FlowControl, AFloodOfSmallMessagesArrivesWhole) {
  constexpr int messages = 50'000;
  pair_of_ranks(
      [] {
        for (std::int32_t i = 0; i < messages; ++i) world().send(i, 1, 1);
        world().recv<int>(1, 2);
      },
      [] {
        for (std::int32_t i = 0; i < messages; ++i) {
          const auto got = world().recv<std::int32_t>(0, 1);
          if (got != i) FAIL() << "message " << i << " is " << got;
        }
        world().send(1, 0, 2);
      });
}

TEST(FlowControl, TheMessageOneWaitsForMayBeBehindThousands) {
  constexpr int messages = 10'000;
  pair_of_ranks(
      [] {
        std::vector<Request> sends;
        for (std::int32_t i = 0; i < messages; ++i)
          sends.push_back(world().isend(std::int32_t{i}, 1, 1));
        sends.push_back(world().isend(std::int32_t{-1}, 1, 2));
        wait_all(sends);
      },
      [] {
        EXPECT_EQ(world().recv<std::int32_t>(0, 2), -1);
        for (std::int32_t i = 0; i < messages; ++i) {
          const auto got = world().recv<std::int32_t>(0, 1);
          if (got != i) FAIL() << "message " << i << " is " << got;
        }
      });
}

// A rank that computes after a send does not hold its message back, not even the first to a peer.
TEST(Waiting, AMessageIsOnItsWayWhenSendReturns) {
  const Communicator fresh = world().dup();
  const int last = world().size() - 1;
  if (last == 0) return;
  const double start = Environment::wtime();
  if (world().rank() == 0) {
    for (int i = 0; i < 20; ++i) fresh.send(std::vector<char>(16'000), last, 1);
    // Away from the library until the other has everything: a file of its own says so.
    const std::string sign = "/tmp/prun-test-" + std::to_string(fresh.recv<int>(last, 2));
    while (access(sign.c_str(), F_OK) != 0 && Environment::wtime() - start < 20) usleep(1000);
    EXPECT_EQ(access(sign.c_str(), F_OK), 0);
    unlink(sign.c_str());
  } else if (world().rank() == last) {
    fresh.send(static_cast<int>(getpid()), 0, 2);
    for (int i = 0; i < 20; ++i) fresh.recv<std::vector<char>>(0, 1);
    const std::string sign = "/tmp/prun-test-" + std::to_string(getpid());
    std::ofstream(sign) << "here";
  }
}

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

TEST(Waiting, UsesNoProcessor) {
  // Both wait; the limit is a share of the time waited, so a slow machine does not matter.
  const double before = cpu_seconds();
  const double start = Environment::wtime();
  EXPECT_EQ(error_of([] { world().recv<int>(any_source, 999, 1s); }).code(), Errc::timed_out);
  const double waited = Environment::wtime() - start;
  EXPECT_LT(cpu_seconds() - before, waited * 0.05);
}

}  // namespace
}  // namespace prun::test
