// Every control message against bytes that are cut, stretched and forged. The rule: a decode either
// fails or has read exactly what it would write.
#include "runtime/bootstrap/control_messages.hpp"
#include "runtime/bootstrap/clock_messages.hpp"
#include "runtime/bootstrap/hang_messages.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "runtime/bootstrap/control_frame.hpp"
#include "runtime/bootstrap/loss_messages.hpp"

namespace prun::bootstrap {
namespace {

using Bytes = std::vector<std::byte>;

JobMap sample_map() {
  JobMap map;
  map.job_id = 0x1122334455667788;
  map.hosts = {{"rpi1", "10.0.0.1"}, {"rpi2.local", "fe80::2%eth0"}};
  map.host_of_rank = {0, 1, 0};
  map.restarts = 2;
  return map;
}

JobKey sample_key() {
  JobKey key;
  for (std::size_t i = 0; i < key.size(); ++i) key[i] = static_cast<std::byte>(i + 1);
  return key;
}

template <class Message>
Message sample() {
  return {};
}
template <>
AgentHello sample() {
  return {1,
          "0.1.0",
          "rpi2",
          "armv7l",
          4,
          4,
          "10.0.0.1",
          "10.0.0.2",
          "a boot, a network",
          {{"lo", "127.0.0.1"}, {"eth0", "10.0.0.2"}}};
}
template <>
JobSetup sample() {
  JobSetup setup;
  setup.map = sample_map();
  setup.key = sample_key();
  setup.host_index = 1;
  setup.bind_address = "10.0.0.2";
  setup.programs = {
      {{"./prime", "100000"}, {"A=1"}, {"B"}, "/home/pi", true, "/opt/bin:bin", Binding::core},
      {{"sh"}, {}, {}, "", false, "", Binding::none}};
  setup.program_of_rank = {0, 1, 1};
  setup.input_rank = -1;
  setup.compression = core::CompressionMode::lz4;
  setup.encrypt = true;
  setup.ports = {5000, 5100};
  setup.on_failure = core::OnFailure::go_on;
  return setup;
}
template <>
AgentReady sample() {
  return {{"a note", ""}};
}
template <>
AgentProblem sample() {
  return {127, "cannot run ./prime: it is not there"};
}
template <>
RankStarted sample() {
  return {3, 4711};
}
template <>
RankOutput sample() {
  return {3, 2, Bytes(100, std::byte{'x'})};
}
template <>
OutputCredit sample() {
  return {4096};
}
template <>
RankInput sample() {
  return {0, Bytes(50, std::byte{'y'})};
}
template <>
InputEnd sample() {
  return {1};
}
template <>
InputCredit sample() {
  return {0, 77, true};
}
template <>
InputOffer sample() {
  return {3};
}
template <>
InputWanted sample() {
  return {3};
}
template <>
WindowSize sample() {
  return {3, 24, 80};
}
template <>
RankExited sample() {
  return {2, true, 11, RankPhase::joined};
}
template <>
RankDone sample() {
  return {2};
}
template <>
Signal sample() {
  return {10, true};
}
template <>
Terminate sample() {
  return {2000, 2};
}
template <>
RankHello sample() {
  return {1, "0.1.0", 8};
}
template <>
Welcome sample() {
  return {
      sample_map(), sample_key(),          2, "10.0.0.1", 4, core::CompressionMode::off, true, 7, 8,
      {5000, 5000}, core::OnFailure::go_on};
}
template <>
RankEndpoint sample() {
  return {2, 40000};
}
template <>
Endpoints sample() {
  return {{{0, 1}, {1, 65535}}};
}
template <>
RankAborting sample() {
  return {1, -1, "gives up"};
}
template <>
PeerLost sample() {
  return {1, true, "has left"};
}

template <>
ClockLead sample() {
  return {3};
}
template <>
ClockPort sample() {
  return {4711};
}
template <>
ClockFollow sample() {
  return {3, 4711, 2};
}
template <>
PeerSuspected sample() {
  return {1, 2, "closed the connection"};
}
template <>
StartRank sample() {
  return {2, 1};
}
template <>
SurvivorsAsked sample() {
  return {2, 4, 10, {0, 2, 1}};
}
template <>
SurvivorsAgreed sample() {
  return {4, 10, {2, 1}};
}
template <>
RankStillness sample() {
  return {2, Stillness::still_for_a_time};
}
template <>
HangQuestion sample() {
  return {7};
}
template <>
RankState sample() {
  const Datatype int32 = datatype_of<std::int32_t>();
  RankState state{2,    7,  true, false, 15, 31'000, "wait_any", {"ring.cpp", 22},
                  true, {}, 1,    {},    {}, 1,      {}};
  state.operations = {{AwaitedOperation::Kind::collective,
                       2,
                       0,
                       -1,
                       10,
                       int32,
                       false,
                       true,
                       14,
                       "bcast",
                       {"ring.cpp", 20}}};
  state.communicators = {{2, {0, 2}, 14, {{"bcast", 0, 10, int32, {"ring.cpp", 20}}}}};
  state.messages = {{2, 0, 8, 1, int32, true}};
  state.links = {{0, 5, 6}};
  return state;
}
template <>
HostStates sample() {
  return {7, {{3, RankPhase::joined, ProcessState::Doing::stopped, 980}}};
}

template <class Message>
Bytes body_of(const Message& message) {
  wire::Writer out;
  message.encode(out);
  return std::move(out).take();
}

template <class Message>
core::Result<Message> decode(const Bytes& body) {
  return decode_frame<Message>(ControlFrame{Message::kind, body});
}

template <class Message>
class ControlMessages : public ::testing::Test {};

using AllMessages =
    ::testing::Types<AgentHello, JobSetup, AgentReady, AgentProblem, Start, RankStarted, RankOutput,
                     OutputCredit, RankInput, InputEnd, InputCredit, InputOffer, InputWanted,
                     WindowSize, RankExited, RankDone, Signal, Terminate, Shutdown, RankHello,
                     Welcome, RankEndpoint, Endpoints, RankAborting, PeerLost, RankFinalized,
                     ClockWanted, ClockStart, ClockPort, ClockFollow, ClockLead, ClockKnown,
                     ClockReady, PeerSuspected, EndRank, StartRank, SurvivorsAsked, SurvivorsAgreed,
                     RankStillness, HangQuestion, RankState, HostStates>;

struct Names {
  template <class Message>
  static std::string GetName(int) {
    return "kind" + std::to_string(static_cast<int>(Message::kind));
  }
};
TYPED_TEST_SUITE(ControlMessages, AllMessages, Names);

TYPED_TEST(ControlMessages, ComeBackAsTheyWere) {
  const Bytes body = body_of(sample<TypeParam>());
  const auto back = decode<TypeParam>(body);
  ASSERT_TRUE(back.ok()) << back.failure().text;
  EXPECT_EQ(body_of(back.value()), body);
}

TYPED_TEST(ControlMessages, AreRefusedWhenCutAnywhere) {
  const Bytes body = body_of(sample<TypeParam>());
  for (std::size_t length = 0; length < body.size(); ++length) {
    EXPECT_FALSE(
        decode<TypeParam>(Bytes(body.begin(), body.begin() + static_cast<std::ptrdiff_t>(length)))
            .ok())
        << length;
  }
}

TYPED_TEST(ControlMessages, AreRefusedWithBytesLeftOver) {
  Bytes body = body_of(sample<TypeParam>());
  body.push_back(std::byte{0});
  EXPECT_FALSE(decode<TypeParam>(body).ok());
}

TYPED_TEST(ControlMessages, MeanWhatTheySayWithAnyByteForged) {
  const Bytes body = body_of(sample<TypeParam>());
  for (std::size_t at = 0; at < body.size(); ++at) {
    for (unsigned value = 0; value < 256; ++value) {
      Bytes forged = body;
      forged[at] = static_cast<std::byte>(value);
      const auto back = decode<TypeParam>(forged);
      if (!back.ok()) continue;
      ASSERT_EQ(body_of(back.value()), forged) << "byte " << at << " is " << value;
    }
  }
}

// Where a length or a count stands, the largest and the sign-turning values promise what is not
// there.
TYPED_TEST(ControlMessages, AllocateNothingForPromises) {
  const Bytes body = body_of(sample<TypeParam>());
  for (std::size_t at = 0; at + 4 <= body.size(); ++at) {
    for (const std::uint32_t value :
         {0xffffffffU, 0x80000000U, 0x7fffffffU, 0x40000000U, 0x01000001U, 0x00010001U}) {
      Bytes forged = body;
      wire::store_little(forged.data() + at, value);
      const auto back = decode<TypeParam>(forged);
      if (!back.ok()) continue;
      ASSERT_EQ(body_of(back.value()), forged) << at;
    }
  }
}

TEST(JobSetupRules, IndicesMustPointSomewhere) {
  const auto refused = [](auto change) {
    auto setup = sample<JobSetup>();
    change(setup);
    return !decode<JobSetup>(body_of(setup)).ok();
  };
  EXPECT_FALSE(refused([](JobSetup&) {}));
  EXPECT_TRUE(refused([](JobSetup& setup) { setup.host_index = 2; }));
  EXPECT_TRUE(refused([](JobSetup& setup) { setup.map.host_of_rank[1] = 2; }));
  EXPECT_TRUE(refused([](JobSetup& setup) { setup.map.host_of_rank.clear(); }));
  EXPECT_TRUE(refused([](JobSetup& setup) { setup.map.hosts.clear(); }));
  EXPECT_TRUE(refused([](JobSetup& setup) { setup.program_of_rank[2] = 2; }));
  EXPECT_TRUE(refused([](JobSetup& setup) { setup.program_of_rank.pop_back(); }));
  EXPECT_TRUE(refused([](JobSetup& setup) { setup.program_of_rank.push_back(0); }));
  EXPECT_TRUE(refused([](JobSetup& setup) { setup.programs[0].arguments.clear(); }));
}

TEST(JobSetupRules, SizesUpToTheLimitAndNotBeyond) {
  auto setup = sample<JobSetup>();
  setup.map.restarts = 0;
  setup.map.host_of_rank.assign(wire::max_ranks, 1);
  setup.program_of_rank.assign(wire::max_ranks, 0);
  EXPECT_TRUE(decode<JobSetup>(body_of(setup)).ok());
  setup.map.host_of_rank.push_back(1);
  setup.program_of_rank.push_back(0);
  EXPECT_FALSE(decode<JobSetup>(body_of(setup)).ok());

  auto restarts = sample<JobSetup>();
  restarts.map.restarts = wire::max_ranks / 3 - 1;
  EXPECT_TRUE(decode<JobSetup>(body_of(restarts)).ok());
  ++restarts.map.restarts;
  EXPECT_FALSE(decode<JobSetup>(body_of(restarts)).ok());

  auto hosts = sample<JobSetup>();
  hosts.map.hosts.assign(wire::max_hosts, {"h", "a"});
  EXPECT_TRUE(decode<JobSetup>(body_of(hosts)).ok());
  hosts.map.hosts.push_back({"h", "a"});
  EXPECT_FALSE(decode<JobSetup>(body_of(hosts)).ok());

  auto words = sample<AgentProblem>();
  words.text.assign(wire::max_string_bytes, 'x');
  EXPECT_TRUE(decode<AgentProblem>(body_of(words)).ok());
  words.text += 'x';
  EXPECT_FALSE(decode<AgentProblem>(body_of(words)).ok());
}

TEST(WelcomeRules, TheRankMustBeOneOfThem) {
  auto welcome = sample<Welcome>();
  welcome.rank = 8;
  EXPECT_TRUE(decode<Welcome>(body_of(welcome)).ok())
      << "rank 2, started again for the second time";
  welcome.rank = 9;
  EXPECT_FALSE(decode<Welcome>(body_of(welcome)).ok());
  welcome.rank = 3;
  welcome.map.restarts = 0;
  EXPECT_FALSE(decode<Welcome>(body_of(welcome)).ok());
}

TEST(CompressionRules, OnlyModesThatExist) {
  for (const unsigned mode : {3u, 4u, 255u}) {
    auto setup = sample<JobSetup>();
    setup.compression = static_cast<core::CompressionMode>(mode);
    EXPECT_FALSE(decode<JobSetup>(body_of(setup)).ok()) << mode;
    auto welcome = sample<Welcome>();
    welcome.compression = static_cast<core::CompressionMode>(mode);
    EXPECT_FALSE(decode<Welcome>(body_of(welcome)).ok()) << mode;
  }
}

TEST(PortRules, ARangeOrNone) {
  const auto accepted = [](core::PortRange ports) {
    auto setup = sample<JobSetup>();
    setup.ports = ports;
    auto welcome = sample<Welcome>();
    welcome.ports = ports;
    const bool first = decode<JobSetup>(body_of(setup)).ok();
    EXPECT_EQ(first, decode<Welcome>(body_of(welcome)).ok());
    return first;
  };
  EXPECT_TRUE(accepted({0, 0}));
  EXPECT_TRUE(accepted({1, 65535}));
  EXPECT_FALSE(accepted({0, 1}));
  EXPECT_FALSE(accepted({5001, 5000}));
}

TEST(OutputRules, ChunksUpToTheLimitOfTwoStreams) {
  auto output = sample<RankOutput>();
  output.data.resize(wire::output_chunk_bytes);
  EXPECT_TRUE(decode<RankOutput>(body_of(output)).ok());
  output.data.resize(wire::output_chunk_bytes + 1);
  EXPECT_FALSE(decode<RankOutput>(body_of(output)).ok());
  for (const auto stream : {std::uint8_t{0}, std::uint8_t{3}, std::uint8_t{255}}) {
    EXPECT_FALSE(decode<RankOutput>(body_of(RankOutput{0, stream, {}})).ok());
  }
}

TEST(RankStateRules, ListsUpToTheLimitAndNotBeyond) {
  RankState state = sample<RankState>();
  state.operations.resize(most_told);
  state.messages.resize(most_told);
  EXPECT_TRUE(decode<RankState>(body_of(state)).ok());
  state.operations.resize(most_told + 1);
  EXPECT_FALSE(decode<RankState>(body_of(state)).ok());
}

TEST(RankStateRules, NoMoreCallsAreToldThanWereEntered) {
  RankState state = sample<RankState>();
  state.communicators.front().calls = 0;
  EXPECT_FALSE(decode<RankState>(body_of(state)).ok());
}

TEST(ExitRules, OnlyPhasesThatExist) {
  Bytes body = body_of(sample<RankExited>());
  body.back() = std::byte{3};
  EXPECT_FALSE(decode<RankExited>(body).ok());
}

TEST(StartRankRules, ItIsNotTheFirstStart) {
  EXPECT_FALSE(decode<StartRank>(body_of(StartRank{2, 0})).ok());
}

TEST(JobMapRules, EachStartOfARankIsAProcessOfItsOwn) {
  const JobMap map = sample_map();
  EXPECT_EQ(map.processes(), 9U);
  std::set<std::uint32_t> seen;
  for (std::uint32_t rank = 0; rank < map.size(); ++rank) {
    for (std::uint32_t times = 0; times <= map.restarts; ++times) {
      const auto process = map.process(rank, times);
      EXPECT_LT(process, map.processes());
      EXPECT_TRUE(seen.insert(process).second);
      EXPECT_EQ(map.rank_of(process), rank);
      EXPECT_EQ(map.incarnation_of(process), times);
    }
    EXPECT_EQ(map.process(rank, 0), rank);
  }
}

TEST(SurvivorsMessages, NameEachMemberOnceAndTheirSenderAmongThem) {
  EXPECT_FALSE(decode<SurvivorsAsked>(body_of(SurvivorsAsked{3, 4, 10, {0, 2, 1}})).ok());
  EXPECT_FALSE(decode<SurvivorsAsked>(body_of(SurvivorsAsked{0, 4, 10, {0, 2, 0}})).ok());
  EXPECT_FALSE(decode<SurvivorsAsked>(body_of(SurvivorsAsked{0, 4, 0xffffffff, {0}})).ok());
  EXPECT_FALSE(decode<SurvivorsAgreed>(body_of(SurvivorsAgreed{4, 10, {}})).ok());
  EXPECT_FALSE(decode<SurvivorsAgreed>(body_of(SurvivorsAgreed{4, 10, {1, 65536}})).ok());
}

}  // namespace
}  // namespace prun::bootstrap
