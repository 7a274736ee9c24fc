// Writes the seeds: what honest processes say, for the fuzzers to begin with. Texts beside them are
// written by hand and left alone.
//
// usage: fuzz_seeds FOLDER      (tests/fuzz/seeds)

#include <cereal/types/map.hpp>
#include <cereal/types/string.hpp>
#include <cereal/types/vector.hpp>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <prun/serialize.hpp>
#include <string>
#include <vector>

#include "launcher/stage/messages.hpp"
#include "runtime/bootstrap/control_frame.hpp"
#include "runtime/security/handshake.hpp"
#include "runtime/transport/tcp/block_codec.hpp"
#include "runtime/wire/data_frame.hpp"

namespace {

namespace fs = std::filesystem;
using namespace prun;
using Bytes = std::vector<std::byte>;

class Seeds {
 public:
  explicit Seeds(fs::path folder) : folder_(std::move(folder)) {}

  void write(const std::string& target, const std::string& name, const Bytes& bytes) const {
    fs::create_directories(folder_ / target);
    std::ofstream out(folder_ / target / name, std::ios::binary);
    out.exceptions(std::ios::failbit | std::ios::badbit);
    out.write(reinterpret_cast<const char*>(bytes.data()),
              static_cast<std::streamsize>(bytes.size()));
  }

 private:
  fs::path folder_;
};

Bytes joined(Bytes first, std::span<const std::byte> second) {
  first.insert(first.end(), second.begin(), second.end());
  return first;
}

// What the first bytes of an input decide.
Bytes choices(std::initializer_list<int> values) {
  Bytes bytes;
  for (const int value : values) bytes.push_back(static_cast<std::byte>(value));
  return bytes;
}

Bytes counted_up(std::size_t count) {
  Bytes bytes(count);
  for (std::size_t i = 0; i < count; ++i) bytes[i] = static_cast<std::byte>(i);
  return bytes;
}

void data_frames(const Seeds& seeds) {
  using wire::FrameKind;
  Bytes all;
  for (int kind = 1; kind <= 9; ++kind) {
    wire::Frame frame;
    frame.kind = static_cast<FrameKind>(kind);
    frame.envelope = {2, 7, 100, {Kind::floating, 8, 0}};
    frame.send_id = 1;
    frame.length = 800;
    frame.packed_length = 500;
    frame.history = 64;
    frame.envelopes = 5;
    frame.credit_bytes = 4096;
    const auto header = wire::encode_header(frame, nullptr);
    const Bytes bytes(header.view().begin(), header.view().end());
    seeds.write("data_frame", "kind_" + std::to_string(kind), bytes);
    all = joined(std::move(all), bytes);
  }
  seeds.write("data_frame", "all_kinds", all);
}

void handshakes(const Seeds& seeds) {
  const security::Key key{};
  const auto hello = security::make_hello(key, {1, 2, 3}, {});
  const auto challenge = security::make_challenge(key, hello, security::Verdict::go_on, {});
  const auto proof = security::make_proof(key, hello, challenge);
  seeds.write("handshake", "stranger",
              joined(joined(joined(choices({0}), hello), challenge), proof));
  for (int message = 0; message < 4; ++message) {
    seeds.write("handshake", "changed_" + std::to_string(message),
                joined(joined(choices({1}), counted_up(32)), choices({1, message, 0, 9, 1})));
  }
  seeds.write("handshake", "liar", joined(choices({2}), counted_up(60)));
}

// Decisions of the program and of the liar in turn; the fuzzer finds what they mean.
void engines(const Seeds& seeds) {
  for (const char* const target : {"connection", "shared_memory"}) {
    for (int step = 1; step < 8; step += 2) {
      Bytes bytes;
      for (int i = 0; i < 240; ++i) bytes.push_back(static_cast<std::byte>(i * step % 251));
      seeds.write(target, "walk_" + std::to_string(step), bytes);
    }
  }
}

void blocks(const Seeds& seeds) {
  const std::string prose = "segment by segment the segments of a segment are segments; ";
  Bytes text;
  while (text.size() < 600) text = joined(std::move(text), std::as_bytes(std::span(prose)));
  transport::BlockCompressor compressor(transport::Effort::fast);
  compressor.prepare(text.data() + 100, 100);
  Bytes packed(transport::largest_packed_bytes);
  packed.resize(compressor.compress({text.data() + 100, 500}, packed).value());
  // History and length as Input::up_to reads them, see lz4_block_fuzz.cpp.
  seeds.write("lz4_block", "block", joined(choices({0, 0, 0, 0, 100, 0, 0, 1, 243}), packed));
  seeds.write("lz4_block", "segments",
              joined(choices({1, 1, 1, 0, 0, 1, 243, 40, 0, 0, 0, 0, 1}), packed));
  seeds.write("lz4_block", "there_and_back", joined(choices({2, 0, 0, 0, 0, 50}), text));
}

template <class Message>
void message(const Seeds& seeds, const std::string& target, const std::string& name,
             const Message& value) {
  const Bytes frame = bootstrap::encode_frame(value);
  // A flag for "no stream", then kind and body as they stand in the frame.
  seeds.write(target, name, joined(choices({0}), std::span(frame).subspan(4)));
}

bootstrap::JobMap map() {
  return {77, {{"rpi1", "10.77.0.1"}, {"rpi2", "fe80::1"}}, {0, 1, 0, 1}};
}

void control_frames(const Seeds& seeds) {
  using namespace bootstrap;
  const std::string target = "control_frame";
  const auto write = [&](const std::string& name, const auto& value) {
    message(seeds, target, name, value);
  };
  AgentHello hello;
  hello.version = "0.1.0";
  hello.host_name = "rpi2";
  hello.machine = "armv7l";
  hello.client_address = "10.77.0.1";
  hello.server_address = "10.77.0.2";
  write("agent_hello", hello);
  JobSetup setup;
  setup.map = map();
  setup.bind_address = "10.77.0.2";
  setup.programs = {{{"./prime", "100"}, {"A=1"}, {"B"}, "/home/pi", false, "/opt/bin", {}}};
  setup.program_of_rank = {0, 0, 0, 0};
  write("job_setup", setup);
  write("agent_ready", AgentReady{{"the folder is not there"}});
  write("agent_problem", AgentProblem{127, "no such program"});
  write("rank_output", RankOutput{1, 2, counted_up(40)});
  write("rank_input", RankInput{0, counted_up(10)});
  write("input_credit", InputCredit{1, 100, true});
  write("window_size", WindowSize{0, 24, 80});
  write("rank_exited", RankExited{2, true, 11, RankPhase::joined});
  write("terminate", Terminate{500, 2});
  RankHello rank;
  rank.version = "0.1.0";
  write("rank_hello", rank);
  Welcome welcome;
  welcome.map = map();
  welcome.rank = 3;
  welcome.bind_address = "10.77.0.2";
  write("welcome", welcome);
  write("endpoints", Endpoints{{{0, 4000}, {1, 4001}}});
  write("rank_aborting", RankAborting{1, 3, "gives up"});
  write("peer_lost", PeerLost{1, false, "died"});
  Bytes stream = choices({1, 20});
  stream = joined(std::move(stream), encode_frame(Start{}));
  stream = joined(std::move(stream), encode_frame(RankStarted{1, 4711}));
  stream = joined(std::move(stream), encode_frame(RankDone{1}));
  seeds.write(target, "stream", stream);
}

void stage_messages(const Seeds& seeds) {
  using namespace stage;
  const std::string target = "stage_messages";
  StageOffer offer;
  offer.files.resize(2);
  offer.files[0].path = "/home/pi/prime";
  offer.files[0].name = "prime";
  offer.files[0].target = "x86_64";
  offer.files[0].content.bytes = 1000;
  offer.files[0].executable = true;
  offer.files[1].path = "/home/pi/data/in";
  offer.files[1].name = "data/in";
  offer.files[1].asked_for = true;
  offer.uses = {{0, 0, 0}, {0, 1, 1}};
  message(seeds, target, "offer", offer);
  message(seeds, target, "want", StageWant{{0, 1}, 4000});
  message(seeds, target, "data", StageData{1, counted_up(20)});
  message(seeds, target, "pass_on", StagePassOn{1, 4000});
  message(seeds, target, "unpassed", StageUnpassed{"cannot be reached"});
  message(seeds, target, "progress", StageProgress{1 << 20});
  seeds.write(target, "name", joined(choices({1}), std::as_bytes(std::span("data/../../etc", 14))));
}

void serialized(const Seeds& seeds) {
  using Words = std::vector<std::string>;
  using Numbers = std::vector<std::vector<double>>;
  const std::string target = "serialized";
  seeds.write(target, "words",
              joined(choices({0}), detail::Packer<Words>::pack({"one", "two", ""})));
  seeds.write(target, "numbers",
              joined(choices({2}), detail::Packer<Numbers>::pack({{1, 2}, {}, {3}})));
  seeds.write(target, "bits",
              joined(choices({3}), detail::Packer<std::vector<bool>>::pack({true, false})));
  // More than there can be.
  Bytes lie = choices({2, 1});
  lie.resize(lie.size() + 8, std::byte{0x1f});
  seeds.write(target, "long", lie);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: fuzz_seeds FOLDER\n");
    return 64;
  }
  try {
    const Seeds seeds{fs::path(argv[1])};
    data_frames(seeds);
    handshakes(seeds);
    engines(seeds);
    blocks(seeds);
    control_frames(seeds);
    stage_messages(seeds);
    serialized(seeds);
  } catch (const std::exception& cause) {
    std::fprintf(stderr, "fuzz_seeds: %s\n", cause.what());
    return 1;
  }
  return 0;
}
