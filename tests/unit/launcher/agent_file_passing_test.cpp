#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>
#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/write.hpp>

#include <array>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "launcher/agent/file_forwarder.hpp"
#include "launcher/agent/file_intake.hpp"
#include "launcher/agent/peer_link.hpp"
#include "launcher/agent/staging.hpp"
#include "launcher/system/descriptor.hpp"

namespace prun::agent {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using asio::ip::tcp;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

PeerIdentity identity(std::uint32_t host, const char* key = "one") {
  security::Key job{};
  job[0] = static_cast<std::byte>(key[0]);
  return {peer_key(job), 7, host, 3};
}

// Runs the loop until the condition holds.
template <class Condition>
bool run_until(asio::io_context& io, Condition condition) {
  const auto deadline = std::chrono::steady_clock::now() + 10s;
  while (!condition() && std::chrono::steady_clock::now() < deadline) {
    io.restart();
    io.run_one_for(50ms);
  }
  return condition();
}

class PeerLink : public ::testing::Test {
 protected:
  void listen(std::uint32_t host) {
    auto opened = PeerListener::open(io_, "127.0.0.1", {}, identity(host), [this](PeerSocket peer) {
      taken_ = std::move(peer.socket);
      listener_.reset();
    });
    ASSERT_TRUE(opened.ok());
    listener_ = std::move(opened).value();
    port_ = listener_->port();
  }
  std::unique_ptr<PeerConnector> connect(const PeerIdentity& own, std::uint32_t acceptor) {
    answer_.reset();
    return std::make_unique<PeerConnector>(
        io_, "127.0.0.1", port_, own, acceptor,
        [this](core::Result<PeerSocket> peer) { answer_.emplace(std::move(peer)); });
  }
  bool is_refused(const PeerIdentity& own, std::uint32_t acceptor) {
    const auto connector = connect(own, acceptor);
    return run_until(io_, [&] { return answer_.has_value(); }) && !answer_->ok() && !taken_;
  }

  asio::io_context io_{1};
  std::unique_ptr<PeerListener> listener_;
  std::uint16_t port_ = 0;
  system::Descriptor taken_;
  std::optional<core::Result<PeerSocket>> answer_;
};

TEST_F(PeerLink, JoinsTwoThatHoldTheKey) {
  listen(1);
  const auto connector = connect(identity(0), 1);
  ASSERT_TRUE(run_until(io_, [&] { return answer_ && taken_; }));
  ASSERT_TRUE(answer_->ok());
  ASSERT_EQ(::write(answer_->value().socket.get(), "x", 1), 1);
  char letter = 0;
  ASSERT_EQ(::read(taken_.get(), &letter, 1), 1);
  EXPECT_EQ(letter, 'x');
}

TEST_F(PeerLink, RefusesAllOthers) {
  listen(1);
  EXPECT_TRUE(is_refused(identity(0, "two"), 1));  // another key
  EXPECT_TRUE(is_refused(identity(0), 2));         // for somebody else
  EXPECT_TRUE(is_refused(identity(1), 1));         // itself
  EXPECT_TRUE(is_refused(identity(3), 1));         // no host of the job
  PeerIdentity other_job = identity(0);
  other_job.job_id = 8;
  EXPECT_TRUE(is_refused(other_job, 1));
  PeerIdentity rank = identity(0);  // as ranks greet each other
  rank.key = security::Key{std::byte{'o'}};
  EXPECT_TRUE(is_refused(rank, 1));
  // And still takes the one it waits for.
  const auto connector = connect(identity(2), 1);
  EXPECT_TRUE(run_until(io_, [&] { return answer_ && answer_->ok() && taken_; }));
}

TEST_F(PeerLink, StrangersThatSayNothingKeepNobodyOut) {
  listen(1);
  std::vector<tcp::socket> strangers;
  for (int i = 0; i < 40; ++i) {
    strangers.emplace_back(io_);
    strangers.back().connect({asio::ip::make_address("127.0.0.1"), port_});
    io_.restart();
    io_.poll();
  }
  const auto connector = connect(identity(0), 1);
  EXPECT_TRUE(run_until(io_, [&] { return answer_ && answer_->ok() && taken_; }));
}

TEST_F(PeerLink, EncryptsOnlyWithOneThatDoesSoToo) {
  listen(1);
  PeerIdentity own = identity(0);
  own.encrypt = true;
  EXPECT_TRUE(is_refused(own, 1));
  EXPECT_EQ(answer_->failure().text, "it does not encrypt");
}

TEST_F(PeerLink, ReplayedHelloIsNotAnswered) {
  listen(1);
  const PeerIdentity own = identity(0);
  const security::Hello hello = security::make_hello(own.key, {7, 0, 1}, security::fresh_nonce());
  const auto call = [&] {
    tcp::socket caller(io_);
    caller.connect({asio::ip::make_address("127.0.0.1"), port_});
    asio::write(caller, asio::buffer(hello));
    caller.non_blocking(true);
    return caller;
  };
  std::array<std::byte, security::challenge_bytes> answer{};
  asio::error_code error;
  const auto hears = [&](tcp::socket& caller) {
    std::size_t got = 0;
    run_until(io_, [&] {
      if (got == 0) got = caller.read_some(asio::buffer(answer), error);
      return got > 0 || error != asio::error::would_block;
    });
    return got;
  };
  tcp::socket first = call();
  EXPECT_GT(hears(first), 0U);
  tcp::socket replay = call();
  EXPECT_EQ(hears(replay), 0U);
  EXPECT_NE(error, asio::error::would_block) << "it is closed, and at once";
}

TEST_F(PeerLink, SaysWhyNobodyIsThere) {
  listen(1);
  listener_.reset();
  EXPECT_TRUE(is_refused(identity(0), 1));
  EXPECT_THAT(answer_->failure().text, HasSubstr("no connection: "));
}

TEST_F(PeerLink, CanBeGivenUpAtAnyTime) {
  listen(1);
  for (int steps = 0; steps < 12; ++steps) {
    auto connector = connect(identity(0), 1);
    for (int i = 0; i < steps && !answer_; ++i) {
      io_.restart();
      io_.run_one_for(10ms);
    }
    connector.reset();
    io_.restart();
    io_.poll();
    if (answer_) break;
  }
  SUCCEED();
}

// Two hosts with folders of their own; what the first is given goes on to the second.
class Passing : public ::testing::Test {
 protected:
  Passing() {
    std::string pattern = (fs::temp_directory_path() / "prun-test-XXXXXX").string();
    root_ = ::mkdtemp(pattern.data());
    for (const auto& text : {std::string(300000, 'a'), std::string(), std::string("words")}) {
      contents_.push_back(text);
      stage::OfferedFile file;
      file.name = "file" + std::to_string(contents_.size());
      file.path = "/nowhere/" + file.name;
      file.asked_for = true;
      stage::Hasher hasher;
      hasher.add(bytes(text));
      file.content = {hasher.finish(), text.size()};
      offer_.files.push_back(file);
    }
    setup_.map.hosts.resize(2);
    setup_.programs.resize(1);
    setup_.programs.front().arguments = {"true"};
    first_ = staging("first");
    second_ = staging("second");
  }
  ~Passing() override {
    intake_.reset();
    forwarder_.reset();
    first_.reset();
    second_.reset();
    fs::remove_all(root_);
  }

  static std::span<const std::byte> bytes(const std::string& text) {
    return std::as_bytes(std::span(text.data(), text.size()));
  }
  std::unique_ptr<Staging> staging(const std::string& name) {
    auto made = std::make_unique<Staging>(
        offer_,
        std::vector<std::string>{"XDG_CACHE_HOME=" + (root_ / name).string(),
                                 "TMPDIR=" + root_.string()},
        *leftovers_);
    const auto wanted = made->look(setup_, {true});
    EXPECT_TRUE(wanted.ok());
    EXPECT_THAT(wanted.value(), ElementsAre(0, 1, 2));
    return made;
  }
  void pass_on(bool encrypt = false) {
    auto opened = FileIntake::open(io_, "127.0.0.1", {}, identity(1, encrypt),
                                   {.piece =
                                        [this](const stage::StageData& piece) {
                                          stage::StageData taken = piece;
                                          if (damaged_) taken.data.front() = std::byte{'b'};
                                          auto status = second_->take(taken);
                                          if (status.ok()) status = second_->settle();
                                          if (!status.ok()) problem_ = status.failure().text;
                                        },
                                    .lost = [this](const std::string& why) { lost_ = why; }});
    ASSERT_TRUE(opened.ok());
    intake_ = std::move(opened).value();
    forwarder_ = std::make_unique<FileForwarder>(io_, *first_,
                                                 [this](const std::string& why) { broken_ = why; });
    forwarder_->start("127.0.0.1", intake_->port(), identity(0, encrypt), 1);
  }
  static PeerIdentity identity(std::uint32_t host, bool encrypt = false) {
    PeerIdentity own = agent::identity(host);
    own.encrypt = encrypt;
    return own;
  }
  // What the launcher sends to the first host.
  void give(std::uint32_t file, std::size_t from, std::size_t size) {
    stage::StageData data;
    data.file = file;
    const auto part = bytes(contents_[file]).subspan(from, size);
    data.data.assign(part.begin(), part.end());
    ASSERT_TRUE(first_->take(data).ok());
    forwarder_->more();
    ASSERT_TRUE(first_->settle().ok());
  }
  std::string kept_by_second(std::uint32_t file) const {
    std::ifstream in(root_ / "second/prun/files" / stage::to_hex(offer_.files[file].content.hash),
                     std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }

  asio::io_context io_{1};
  fs::path root_;
  std::vector<std::string> contents_;
  stage::StageOffer offer_;
  bootstrap::JobSetup setup_;
  std::unique_ptr<system::Leftovers> leftovers_ = system::Leftovers::make();
  std::unique_ptr<Staging> first_;
  std::unique_ptr<Staging> second_;
  std::unique_ptr<FileIntake> intake_;
  std::unique_ptr<FileForwarder> forwarder_;
  bool damaged_ = false;
  std::string problem_;
  std::string lost_;
  std::string broken_;
};

TEST_F(Passing, GoesOnWhileItComes) {
  pass_on();
  give(0, 0, 100000);
  // The neighbour has it before there is more.
  ASSERT_TRUE(run_until(io_, [&] { return second_->received_bytes() == 100000; }));
  give(0, 100000, 200000);
  give(2, 0, 5);
  ASSERT_TRUE(first_->complete());
  ASSERT_TRUE(run_until(io_, [&] { return second_->complete(); }));
  EXPECT_EQ(second_->received_bytes(), 300005U);
  EXPECT_EQ(kept_by_second(0), contents_[0]);
  EXPECT_EQ(kept_by_second(2), "words");
  // A neighbour that leaves with everything is no failure.
  intake_.reset();
  io_.restart();
  io_.run_for(20ms);
  EXPECT_EQ(broken_, "");
  EXPECT_EQ(lost_, "");
  EXPECT_EQ(problem_, "");
}

TEST_F(Passing, GoesOnEncrypted) {
  pass_on(true);
  give(0, 0, 100000);
  ASSERT_TRUE(run_until(io_, [&] { return second_->received_bytes() == 100000; }));
  give(0, 100000, 200000);
  give(2, 0, 5);
  ASSERT_TRUE(run_until(io_, [&] { return second_->complete(); }));
  EXPECT_EQ(kept_by_second(0), contents_[0]);
  EXPECT_EQ(problem_, "");
}

TEST_F(Passing, AlsoOfFilesThatWereThereBeforeTheNeighbour) {
  forwarder_ = std::make_unique<FileForwarder>(io_, *first_, [](const std::string&) {});
  give(0, 0, 300000);
  give(2, 0, 5);
  pass_on();
  EXPECT_TRUE(run_until(io_, [&] { return second_->complete(); }));
}

TEST_F(Passing, ANeighbourThatLeavesIsTold) {
  pass_on();
  give(0, 0, 1000);
  ASSERT_TRUE(run_until(io_, [&] { return second_->received_bytes() == 1000; }));
  intake_.reset();
  EXPECT_TRUE(run_until(io_, [&] { return !broken_.empty(); }));
}

TEST_F(Passing, ASourceThatLeavesIsTold) {
  pass_on();
  give(0, 0, 1000);
  ASSERT_TRUE(run_until(io_, [&] { return second_->received_bytes() == 1000; }));
  forwarder_.reset();
  EXPECT_TRUE(run_until(io_, [&] { return !lost_.empty(); }));
  EXPECT_THAT(second_->missing(), ElementsAre(0, 1, 2));
}

TEST_F(Passing, WrongBytesAreNotKept) {
  damaged_ = true;
  pass_on();
  give(0, 0, 300000);
  ASSERT_TRUE(run_until(io_, [&] { return !problem_.empty(); }));
  EXPECT_EQ(kept_by_second(0), "");
  // From another source it comes right.
  ASSERT_TRUE(second_->restart().ok());
  EXPECT_EQ(second_->received_bytes(), 0U);
  stage::StageData data;
  const auto all = bytes(contents_[0]);
  data.data.assign(all.begin(), all.end());
  ASSERT_TRUE(second_->take(data).ok());
  ASSERT_TRUE(second_->settle().ok());
  EXPECT_EQ(kept_by_second(0), contents_[0]);
  EXPECT_THAT(second_->missing(), ElementsAre(2));
}

TEST_F(Passing, AnythingButFilesEndsIt) {
  pass_on();
  forwarder_.reset();
  std::optional<system::Descriptor> socket;
  PeerConnector connector(io_, "127.0.0.1", intake_->port(), identity(0), 1,
                          [&](core::Result<PeerSocket> made) {
                            if (made.ok()) socket = std::move(made.value().socket);
                          });
  ASSERT_TRUE(run_until(io_, [&] { return socket.has_value(); }));
  const auto frame = bootstrap::encode_frame(bootstrap::Shutdown{});
  ASSERT_EQ(::write(socket->get(), frame.data(), frame.size()), static_cast<ssize_t>(frame.size()));
  EXPECT_TRUE(run_until(io_, [&] { return !lost_.empty(); }));
  EXPECT_EQ(lost_, "it sends no files");
}

}  // namespace
}  // namespace prun::agent
