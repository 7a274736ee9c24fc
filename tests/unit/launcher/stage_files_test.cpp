#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <string>

#include "launcher/agent/libraries.hpp"
#include "launcher/job/file_sender.hpp"
#include "launcher/job/transfer_progress.hpp"
#include "launcher/stage/messages.hpp"
#include "launcher/stage/offer.hpp"
#include "launcher/stage/store.hpp"
#include "runtime/bootstrap/control_frame.hpp"

namespace prun::stage {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

std::span<const std::byte> bytes(const std::string& text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

FileContent content_of(const std::string& text) {
  Hasher hasher;
  hasher.add(bytes(text));
  return {hasher.finish(), text.size()};
}

class StageFiles : public ::testing::Test {
 protected:
  StageFiles() {
    std::string pattern = (fs::temp_directory_path() / "prun-test-XXXXXX").string();
    root_ = ::mkdtemp(pattern.data());
    environment_ = {"XDG_CACHE_HOME=" + root_.string() + "/cache", "TMPDIR=" + root_.string()};
  }
  ~StageFiles() override { fs::remove_all(root_); }

  std::string write(const std::string& name, const std::string& text, unsigned mode = 0644) const {
    const fs::path path = root_ / name;
    fs::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << text;
    ::chmod(path.c_str(), mode);
    return path.string();
  }
  std::unique_ptr<Store> open(const std::string& run = "1-0", std::uint64_t needed = 1) const {
    auto store = Store::open(environment_, run, needed, *leftovers_);
    EXPECT_TRUE(store.ok());
    return std::move(store).value();
  }
  static void keep(Store& store, const std::string& text, bool executable = false) {
    ASSERT_TRUE(store.begin(content_of(text), executable).ok());
    ASSERT_TRUE(store.add(bytes(text)).ok());
    ASSERT_TRUE(store.finish().ok());
  }
  std::vector<std::string> names_in(const std::string& folder) const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(root_ / folder))
      names.push_back(entry.path().filename().string());
    return names;
  }

  fs::path root_;
  std::vector<std::string> environment_;
  std::unique_ptr<system::Leftovers> leftovers_ = system::Leftovers::make();
};

TEST_F(StageFiles, AreKeptUnderTheirHashAndShownUnderTheirName) {
  const FileContent content = content_of("words");
  EXPECT_EQ(cache_fault(environment_), "");
  {
    const auto store = open();
    EXPECT_EQ(cache_fault(environment_), "");
    EXPECT_FALSE(store->has(content, true));
    keep(*store, "words", true);
    EXPECT_TRUE(store->has(content, true));
    EXPECT_FALSE(store->has(content, false));
    const auto path = store->show(content, true, "bin/count");
    ASSERT_TRUE(path.ok());
    EXPECT_EQ(path.value(), (root_ / "cache/prun/runs/1-0/bin/count").string());
    struct stat info {};
    ASSERT_EQ(::stat(path.value().c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 07777, 0500U);
    ASSERT_EQ(::stat((root_ / "cache/prun").c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 07777, 0700U);
  }
  EXPECT_THAT(names_in("cache/prun/runs"), IsEmpty());
  EXPECT_TRUE(Store::has(environment_, content, true));
}

TEST_F(StageFiles, ACacheThatOthersCanOpenIsNotUsed) {
  write("cache/prun/other", "");
  ::chmod((root_ / "cache/prun").c_str(), 0750);
  EXPECT_THAT(cache_fault(environment_),
              HasSubstr("(chmod 700 " + root_.string() + "/cache/prun)"));
  EXPECT_THAT(open()->run_folder(), HasSubstr(root_.string() + "/prun-"));
  EXPECT_THAT(names_in("cache/prun"), ElementsAre("other"));
}

TEST_F(StageFiles, ACacheWhosePlaceOthersCanTakeIsNotUsed) {
  fs::create_directories(root_ / "cache");
  ::chmod((root_ / "cache").c_str(), 0777);
  EXPECT_FALSE(open()->run_folder().starts_with((root_ / "cache").string()));
  EXPECT_THAT(cache_fault(environment_),
              HasSubstr("others can put a folder of theirs in the place"));
}

TEST_F(StageFiles, ATemporaryFolderOfAnotherIsNotUsed) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can give files away";
  environment_ = {"XDG_CACHE_HOME=/dev/null", "TMPDIR=" + root_.string() + "/tmp"};
  for (const unsigned mode : {0755u, 0777u, 01777u}) {
    fs::create_directories(root_ / "tmp");
    ASSERT_EQ(::chown((root_ / "tmp").c_str(), 65533, 65533), 0);
    ::chmod((root_ / "tmp").c_str(), static_cast<mode_t>(mode));
    EXPECT_FALSE(open()->run_folder().starts_with(root_.string())) << std::oct << mode;
    EXPECT_TRUE(fs::is_empty(root_ / "tmp"));
  }
}

TEST_F(StageFiles, WhatARankHasWrittenStays) {
  {
    const auto store = open();
    keep(*store, "words");
    ASSERT_TRUE(store->show(content_of("words"), false, "words.txt").ok());
    write("cache/prun/runs/1-0/result", "42");
  }
  EXPECT_THAT(names_in("cache/prun/runs/1-0"), ElementsAre("result"));
}

TEST_F(StageFiles, OneThatWasWrittenToIsNotUsedAgain) {
  const auto store = open();
  keep(*store, "words");
  const auto path = store->show(content_of("words"), false, "words.txt");
  ::chmod(path.value().c_str(), 0600);
  std::ofstream(path.value()) << "wordz";
  EXPECT_FALSE(store->has(content_of("words"), false));
}

TEST_F(StageFiles, OnesThatDidNotComeAsTheyWereAreNotKept) {
  const auto store = open();
  ASSERT_TRUE(store->begin(content_of("words"), false).ok());
  ASSERT_TRUE(store->add(bytes("wordz")).ok());
  EXPECT_FALSE(store->finish().ok());
  ASSERT_TRUE(store->begin(content_of("words"), false).ok());
  ASSERT_TRUE(store->add(bytes("word")).ok());
  EXPECT_FALSE(store->finish().ok());
  EXPECT_THAT(names_in("cache/prun/files"), IsEmpty());
}

TEST_F(StageFiles, HalfOfOneIsRemovedWhenTheAgentLeaves) {
  {
    const auto store = open();
    ASSERT_TRUE(store->begin(content_of("words"), false).ok());
    ASSERT_TRUE(store->add(bytes("wo")).ok());
    EXPECT_EQ(names_in("cache/prun/files").size(), 1U);
  }
  EXPECT_THAT(names_in("cache/prun/files"), IsEmpty());
}

TEST_F(StageFiles, TheLeastRecentlyUsedGoFirst) {
  const auto store = open();
  for (const std::string text : {"one  ", "two  ", "three"}) {
    keep(*store, text);
    const timespec times[] = {{text == "one  "   ? 3000
                               : text == "two  " ? 1000
                                                 : 2000,
                               0},
                              {0, UTIME_OMIT}};
    ::utimensat(AT_FDCWD, (root_ / "cache/prun/files" / to_hex(content_of(text).hash)).c_str(),
                times, 0);
  }
  store->evict(10);
  EXPECT_FALSE(store->has(content_of("two  "), false));
  EXPECT_TRUE(store->has(content_of("three"), false));
  EXPECT_TRUE(store->has(content_of("one  "), false));
  // To be shown is to be used.
  ASSERT_TRUE(store->show(content_of("three"), false, "x").ok());
  store->evict(5);
  EXPECT_TRUE(store->has(content_of("three"), false));
  EXPECT_FALSE(store->has(content_of("one  "), false));
}

TEST_F(StageFiles, WithoutAHomeAFolderOfItsOwnThatGoesAgain) {
  environment_ = {"HOME=/dev/null", "TMPDIR=" + root_.string()};
  std::string folder;
  {
    const auto store = open();
    keep(*store, "words");
    const auto path = store->show(content_of("words"), false, "words.txt");
    ASSERT_TRUE(path.ok());
    folder = path.value();
    EXPECT_TRUE(folder.starts_with(root_.string() + "/prun-"));
    struct stat info {};
    ASSERT_EQ(::stat(fs::path(folder).parent_path().c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 07777, 0700U);
  }
  EXPECT_THAT(names_in("."), IsEmpty());
}

TEST_F(StageFiles, WhatAKilledAgentLeavesIsKnownToWhoeverOutlivesIt) {
  for (const bool temporary : {false, true}) {
    if (temporary) ::chmod(write("cache/prun", "in the way").c_str(), 0400);
    const pid_t agent = ::fork();
    if (agent == 0) {
      const auto store = open();
      keep(*store, "program", true);
      if (!store->show(content_of("program"), true, "below/program").ok()) ::_exit(1);
      if (!store->begin(content_of("file"), false).ok()) ::_exit(2);
      if (!store->add(bytes("fi")).ok()) ::_exit(3);
      ::_exit(0);
    }
    int status = -1;
    ASSERT_EQ(::waitpid(agent, &status, 0), agent);
    ASSERT_EQ(status, 0);
    leftovers_->clear();
    if (temporary) {
      EXPECT_THAT(names_in("."), ElementsAre("cache"));
    } else {
      EXPECT_THAT(names_in("cache/prun/runs"), IsEmpty());
      EXPECT_THAT(names_in("cache/prun/files"), SizeIs(1));  // the one that is whole
      fs::remove_all(root_ / "cache");
    }
  }
}

TEST_F(StageFiles, WhatIsTakenAwayInGoodOrderIsNobodysLeftover) {
  {
    const auto store = open();
    keep(*store, "program", true);
    ASSERT_TRUE(store->show(content_of("program"), true, "program").ok());
  }
  fs::create_directories(root_ / "cache/prun/runs/1-0");
  write("cache/prun/runs/1-0/program", "of another run by now");
  leftovers_->clear();
  EXPECT_THAT(names_in("cache/prun/runs/1-0"), ElementsAre("program"));
}

TEST_F(StageFiles, MoreThanThereIsRoomForIsRefused) {
  const auto store = Store::open(environment_, "1-0", std::uint64_t{1} << 60, *leftovers_);
  ASSERT_FALSE(store.ok());
  EXPECT_THAT(store.failure().text, HasSubstr("no folder there can take"));
}

TEST_F(StageFiles, EveryHostIsOfferedItsProcessorsFile) {
  const std::string work = root_.string();
  write("prime.aarch64", "for one");
  write("prime.armhf", "for another");
  const auto made =
      make_offer({{{"./prime.%a", "7"}, work, false, {"./prime.aarch64", "./prime.armhf"}}}, {},
                 work, Mode::automatic);
  ASSERT_TRUE(made.ok());
  ASSERT_EQ(made.value().files.size(), 2U);
  StageOffer offer = made.value();
  choose_program(offer, 0, "./prime.armhf", work);
  EXPECT_EQ(offer.files, made.value().files);  // others ask for them by the same numbers
  EXPECT_THAT(offer.uses, ElementsAre(FileUse{0, 0, 1}));
  choose_program(offer, 0, "./prime.x86_64", work);
  EXPECT_THAT(offer.uses, IsEmpty());
}

TEST_F(StageFiles, ProgramsAreOfferedByPathAndScriptsBehindInterpreters) {
  write("work/prime", "program", 0755);
  write("work/sub/prime.py", "script");
  const std::string work = (root_ / "work").string();
  const auto offer = make_offer({{{"./prime", "7"}, work},
                                 {{"python3", "-u", "sub/prime.py"}, work},
                                 {{"hostname"}, work},
                                 {{"/bin/sh", "x"}, work},
                                 {{"./none"}, work}},
                                {}, work, Mode::automatic);
  ASSERT_TRUE(offer.ok());
  const auto& files = offer.value().files;
  ASSERT_EQ(files.size(), 2U);
  EXPECT_EQ(files[0].path, work + "/prime");
  EXPECT_EQ(files[0].name, "prime");
  EXPECT_TRUE(files[0].executable);
  EXPECT_EQ(files[0].content, content_of("program"));
  EXPECT_EQ(files[1].name, "sub/prime.py");
  EXPECT_FALSE(files[1].executable);
  EXPECT_THAT(offer.value().uses, ElementsAre(FileUse{0, 0, 0}, FileUse{1, 2, 1}));
}

TEST_F(StageFiles, PrunsOwnToolsGoAlongFromFoldersOfTheSystem) {
  const std::string work = root_.string();
  EXPECT_THAT(make_offer({{{"/bin/sh"}, work, false}}, {}, work, Mode::automatic).value().files,
              IsEmpty());
  const auto offer = make_offer({{{"/bin/sh"}, work, true}}, {}, work, Mode::automatic);
  ASSERT_EQ(offer.value().files.size(), 1U);
  EXPECT_THAT(offer.value().uses, ElementsAre(FileUse{0, 0, 0}));
}

TEST_F(StageFiles, AskedForAndOff) {
  write("work/words.txt", "words");
  write("other/words.txt", "other words");
  const std::string work = (root_ / "work").string();
  write("work/prime", "program", 0755);
  const auto offer = make_offer({{{"./prime"}, work}},
                                {"words.txt", "../other/words.txt", "words.txt"}, work, Mode::off);
  ASSERT_TRUE(offer.ok());
  ASSERT_EQ(offer.value().files.size(), 2U);
  EXPECT_EQ(offer.value().files[0].name, "words.txt");
  EXPECT_EQ(offer.value().files[1].name, "2/words.txt");
  EXPECT_TRUE(offer.value().files[0].asked_for);
  EXPECT_THAT(offer.value().uses, IsEmpty());

  const auto none = make_offer({}, {"none.txt"}, work, Mode::automatic);
  ASSERT_FALSE(none.ok());
  EXPECT_EQ(none.failure().text, "--stage: cannot read none.txt: No such file or directory");
  EXPECT_FALSE(make_offer({}, {"."}, work, Mode::automatic).ok());
}

TEST_F(StageFiles, TheScriptOfAnInterpreter) {
  write("prime.py", "script");
  const std::string here = root_.string();
  EXPECT_EQ(script_word({"python3", "prime.py", "7"}, here), 1U);
  EXPECT_EQ(script_word({"/usr/bin/python3.11", "-u", "-W", "ignore", "prime.py"}, here), 4U);
  EXPECT_EQ(script_word({"python3", "-c", "prime.py"}, here), 0U);
  EXPECT_EQ(script_word({"python3", "-m", "prime.py"}, here), 0U);
  EXPECT_EQ(script_word({"python3", "none.py", "prime.py"}, here), 0U);
  EXPECT_EQ(script_word({"python3"}, here), 0U);
  EXPECT_EQ(script_word({"cat", "prime.py"}, here), 0U);
  EXPECT_EQ(script_word({"shuffle", "prime.py"}, here), 0U);
}

TEST_F(StageFiles, ComeInPiecesInTheOrderWanted) {
  StageOffer offer;
  for (const auto& text : {std::string(200000, 'a'), std::string(), std::string("b")}) {
    OfferedFile file;
    file.path = write(std::to_string(offer.files.size()), text);
    file.content = content_of(text);
    offer.files.push_back(file);
  }
  job::FileSender sender(offer, {2, 1, 0});
  EXPECT_EQ(sender.bytes(), 200001U);
  std::string all;
  for (;;) {
    const auto pieces = sender.next();
    ASSERT_TRUE(pieces.ok());
    if (pieces.value().empty()) break;
    for (const auto& piece : pieces.value()) {
      EXPECT_LE(piece.data.size(), data_chunk_bytes);
      all.append(reinterpret_cast<const char*>(piece.data.data()), piece.data.size());
    }
  }
  EXPECT_EQ(all.size(), 200001U);
  EXPECT_EQ(all.front(), 'b');
  EXPECT_EQ(all.find_first_not_of('a', 1), std::string::npos);
  EXPECT_EQ(sender.sent(), 200001U);

  fs::resize_file(offer.files[0].path, 5);
  job::FileSender shorter(offer, {0});
  EXPECT_TRUE(shorter.next().ok() ? !shorter.next().ok() : true);
}

StageOffer an_offer() {
  StageOffer offer;
  offer.always = true;
  OfferedFile file{"/x/prime", "prime", "x86-64", content_of("program"), true, false};
  offer.files = {file, {"/x/words", "data/words", "", content_of("words"), false, true}};
  offer.uses = {{0, 0, 0}, {3, 2, 1}};
  return offer;
}

template <class Message>
core::Result<Message> decoded(std::vector<std::byte> body) {
  return bootstrap::decode_frame<Message>({Message::kind, body});
}

TEST(StageMessages, AreReadBack) {
  wire::Writer out;
  an_offer().encode(out);
  const auto offer = decoded<StageOffer>(std::move(out).take());
  ASSERT_TRUE(offer.ok());
  EXPECT_TRUE(offer.value().always);
  EXPECT_EQ(offer.value().files, an_offer().files);
  EXPECT_EQ(offer.value().uses, an_offer().uses);

  wire::Writer want;
  StageWant{{0, 7}, 5000}.encode(want);
  const auto wanted = decoded<StageWant>(std::move(want).take());
  ASSERT_TRUE(wanted.ok());
  EXPECT_THAT(wanted.value().files, ElementsAre(0, 7));
  EXPECT_EQ(wanted.value().port, 5000);
  wire::Writer data;
  StageData{7, {std::byte{1}, std::byte{2}}}.encode(data);
  EXPECT_EQ(decoded<StageData>(std::move(data).take()).value().data.size(), 2U);
  wire::Writer order;
  StagePassOn{3, 5000}.encode(order);
  const auto passed_on = decoded<StagePassOn>(std::move(order).take());
  ASSERT_TRUE(passed_on.ok());
  EXPECT_EQ(passed_on.value().host, 3U);
  EXPECT_EQ(passed_on.value().port, 5000);
  wire::Writer unpassed;
  StageUnpassed{"no route"}.encode(unpassed);
  EXPECT_EQ(decoded<StageUnpassed>(std::move(unpassed).take()).value().why, "no route");
  wire::Writer progress;
  StageProgress{std::uint64_t{1} << 33}.encode(progress);
  EXPECT_EQ(decoded<StageProgress>(std::move(progress).take()).value().bytes,
            std::uint64_t{1} << 33);
  EXPECT_TRUE(decoded<StageSourceLost>({}).ok());
}

TEST(StageMessages, LiesAreRefused) {
  wire::Writer out;
  an_offer().encode(out);
  const auto whole = std::move(out).take();
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_FALSE(
        decoded<StageOffer>({whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)})
            .ok());
  }
  const auto refused = [](auto change) {
    StageOffer offer = an_offer();
    change(offer);
    wire::Writer lie;
    offer.encode(lie);
    return !decoded<StageOffer>(std::move(lie).take()).ok();
  };
  EXPECT_TRUE(refused([](auto& offer) { offer.uses[0].file = 2; }));
  EXPECT_TRUE(refused([](auto& offer) { offer.files[0].content.bytes = max_file_bytes + 1; }));
  for (const std::string name : {"", "/etc/passwd", "../x", "a/../../x", "a/", ".", "a/./b"})
    EXPECT_TRUE(refused([&](auto& offer) { offer.files[0].name = name; })) << name;
  wire::Writer data;
  StageData{0, std::vector<std::byte>(data_chunk_bytes + 1)}.encode(data);
  EXPECT_FALSE(decoded<StageData>(std::move(data).take()).ok());
  wire::Writer order;
  StagePassOn{3, 0}.encode(order);
  EXPECT_FALSE(decoded<StagePassOn>(std::move(order).take()).ok());
  EXPECT_FALSE(decoded<StagePassOn>({}).ok());
  EXPECT_FALSE(decoded<StageProgress>(std::vector<std::byte>(7)).ok());
  EXPECT_FALSE(decoded<StageSourceLost>(std::vector<std::byte>(1)).ok());
}

TEST(MissingLibraries, FromTheLoadersWords) {
  EXPECT_THAT(
      agent::missing_in("\tlinux-vdso.so.1 (0x00007ffd)\n\tlibfoo.so.1 => not found\n"
                        "\tlibc.so.6 => /lib/libc.so.6 (0x00007f)\n\tlibfoo.so.1 => not found\n"
                        "x: /lib/libc.so.6: version `GLIBC_2.38' not found (required by x)\n"),
      UnorderedElementsAre("libfoo.so.1", "GLIBC_2.38"));
  EXPECT_THAT(agent::missing_in("\tlibc.so.6 => /lib/libc.so.6 (0x00007f)\n"), IsEmpty());
}

TEST(MissingLibraries, OfAProgramThatRuns) {
  EXPECT_THAT(agent::missing_libraries("/proc/self/exe", {}), IsEmpty());
  EXPECT_THAT(agent::missing_libraries("/nowhere", {}), IsEmpty());
}

TEST(TransferProgress, SaysHostsBytesRateAndTimeLeft) {
  const auto begin = job::TransferProgress::Clock::time_point{} + std::chrono::hours(1);
  using std::chrono::milliseconds;
  std::string bytes;
  const auto read = [&] { return std::exchange(bytes, {}); };
  {
    io::InPlaceLine terminal([&](const std::string& text) { bytes += text; });
    job::TransferProgress progress(&terminal);
    progress.moved("rpi2", 0, 20'000'000, begin);
    progress.moved("rpi3", 0, 20'000'000, begin);
    progress.moved("rpi2", 5'000'000, 20'000'000, begin + milliseconds(900));
    progress.moved("rpi3", 5'000'000, 20'000'000, begin + milliseconds(1000));
    EXPECT_EQ(read(), "\r\033[Kprun: sending to rpi2, rpi3: 10.0 of 40.0 MB, 10.0 MB/s, 3 s left");
    progress.moved("rpi2", 20'000'000, 20'000'000, begin + milliseconds(2000));
    EXPECT_EQ(read(), "\r\033[Kprun: sending to rpi3: 25.0 of 40.0 MB, 12.5 MB/s, 2 s left");
    progress.over("rpi2");
    progress.over("rpi3");
    EXPECT_EQ(read(), "\r\033[K");
  }
  EXPECT_EQ(read(), "");
}

}  // namespace
}  // namespace prun::stage
