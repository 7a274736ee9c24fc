#include "launcher/ssh/remote_command.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>

namespace prun::ssh {
namespace {

namespace fs = std::filesystem;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

std::string output_of(const std::string& command) {
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(::popen(command.c_str(), "r"), ::pclose);
  std::string output;
  std::array<char, 256> buffer{};
  while (pipe &&
         std::fgets(buffer.data(), static_cast<int>(buffer.size()), pipe.get()) != nullptr) {
    output += buffer.data();
  }
  return output;
}

TEST(ShellQuote, IsReadBackByTheShell) {
  for (const std::string text :
       {"/usr/bin/prun", "/home/pi/my programs/prun", "/a'b/prun", "/a\\b\"c$d`e`!*?/prun", ""}) {
    EXPECT_EQ(output_of("printf %s " + shell_quote(text)), text);
    // As the login shell of a host hands it to sh once more.
    EXPECT_EQ(output_of("sh -c " + shell_quote("printf %s " + shell_quote(text))), text);
  }
}

// What a host does with the command, as its shell on this machine, with a home of its own. A script
// stands for the agent: it says how it was started.
class RemoteCommand : public ::testing::Test {
 protected:
  RemoteCommand() {
    std::string pattern = (fs::temp_directory_path() / "prun-test-XXXXXX").string();
    root_ = ::mkdtemp(pattern.data());
    fs::create_directories(root_ / "home with space");
    fs::create_directories(root_ / "tmp");
    utsname names{};
    ::uname(&names);
    request_.name = "0123456789abcdef";
    stage::AgentBinary agent;
    agent.architecture = std::string(stage::architectures_for(names.machine).front());
    agent.id = "12ab";
    agent.bytes = agent_.size();
    request_.agents = {agent};
    named_ = agent.architecture + "-12ab";
  }
  ~RemoteCommand() override { fs::remove_all(root_); }

  // `input` stands for what the launcher sends.
  std::string run(const std::string& input = "", const std::string& before = "") {
    std::ofstream(root_ / "input") << input;
    const std::string home = home_.empty() ? (root_ / "home with space").string() : home_;
    return output_of("unset XDG_CACHE_HOME; HOME=" + shell_quote(home) + "; export HOME; TMPDIR=" +
                     (root_ / "tmp").string() + "; export TMPDIR; " + before + "(" +
                     remote_command(request_) + ") 2>&1 <" + (root_ / "input").string());
  }

  void take_agent(const std::string& text) {
    agent_ = text;
    request_.agents.front().bytes = agent_.size();
  }

  fs::path cache() const { return root_ / "home with space/.cache/prun"; }
  fs::path cached() const { return cache() / ("agent-" + named_); }
  void put_into_cache(const std::string& text) const {
    fs::create_directories(cache());
    ::chmod(cache().c_str(), 0700);
    std::ofstream(cached()) << text;
    ::chmod(cached().c_str(), 0700);
  }

  // Takes its name in the cache folder, as the real one does.
  std::string agent_ = "#!/bin/sh\necho started \"$@\"; ln \"$0\" \"$3\" 2>/dev/null; exec cat\n";
  fs::path root_;
  std::string home_;
  std::string named_;
  AgentRequest request_;
};

TEST_F(RemoteCommand, StartsTheAgentThatIsThere) {
  put_into_cache(agent_);
  EXPECT_EQ(run("frames"), "\nprun-shell " + cached().string() + "\nstarted\nframes");
}

TEST_F(RemoteCommand, TakesAnAgentInAndNothingBehindIt) {
  const std::string output = run("HASH\n" + agent_);
  EXPECT_EQ(output, "\nprun-shell " + cached().string() + "\n\nprun-need " + named_ +
                        "\nstarted --arrived HASH " + cached().string() + "\n");
  struct stat info {};
  ASSERT_EQ(::stat(cached().c_str(), &info), 0);
  EXPECT_EQ(info.st_nlink, 1U);
  EXPECT_EQ(info.st_mode & 07777, 0700U);
  ASSERT_EQ(::stat(cache().c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0700U);
}

TEST_F(RemoteCommand, AnAgentThatIsKilledAtOnceLeavesNothing) {
  take_agent("#!/bin/sh\nkill -9 $$\n");
  run("HASH\n" + agent_);
  EXPECT_TRUE(fs::is_empty(cache()));
  request_.elsewhere = true;
  run("HASH\n" + agent_);
  EXPECT_TRUE(fs::is_empty(root_ / "tmp"));
}

TEST_F(RemoteCommand, DoesNotStartOneThatCameInShort) {
  EXPECT_THAT(run("HASH\n" + agent_.substr(0, 10)),
              EndsWith("\nprun-unsent " + cache().string() + "\n"));
  EXPECT_TRUE(fs::is_empty(cache()));
}

TEST_F(RemoteCommand, ALauncherThatHasLeftLeavesNothing) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  ::close(ends[0]);
  const std::string home = "HOME=" + shell_quote((root_ / "home with space").string());
  const pid_t shell = ::fork();
  if (shell == 0) {
    ::dup2(ends[1], 1);
    ::dup2(::open("/dev/null", O_RDWR), 0);
    ::dup2(0, 2);
    const std::string command =
        "unset XDG_CACHE_HOME; export " + home + "; " + remote_command(request_);
    ::execl("/bin/sh", "sh", "-c", command.c_str(), nullptr);
    ::_exit(127);
  }
  ::close(ends[1]);
  ASSERT_EQ(::waitpid(shell, nullptr, 0), shell);
  EXPECT_TRUE(fs::is_empty(cache()));
}

TEST_F(RemoteCommand, AnEmptyOneInTheCacheIsNoAgent) {
  put_into_cache("");
  EXPECT_THAT(run("HASH\n" + agent_), HasSubstr("started --arrived HASH "));
}

TEST_F(RemoteCommand, AfreshTheOneInTheCacheIsNotStarted) {
  put_into_cache("#!/bin/sh\necho damaged\n");
  request_.afresh = true;
  EXPECT_THAT(run("HASH\n" + agent_),
              EndsWith("started --arrived HASH " + cached().string() + "\n"));
}

TEST_F(RemoteCommand, WithoutAHomeItGoesToAFolderOfItsOwn) {
  home_ = "/dev/null";
  EXPECT_THAT(run("HASH\n" + agent_), EndsWith("started --arrived HASH \n"));
  EXPECT_TRUE(fs::is_empty(root_ / "tmp"));
  take_agent("#!/bin/sh\ncd \"${0%/*}\" && pwd && ls -ld . | cut -c 1-10\n");
  EXPECT_THAT(run("HASH\n" + agent_),
              EndsWith((root_ / "tmp/prun-0123456789abcdef").string() + "\ndrwx------\n"));
}

TEST_F(RemoteCommand, ElsewhereLeavesTheCacheAlone) {
  request_.elsewhere = true;
  EXPECT_THAT(run("HASH\n" + agent_), EndsWith("started --arrived HASH \n"));
  EXPECT_FALSE(fs::exists(cache()));
}

TEST_F(RemoteCommand, LeavingNothingStartsWhatIsThereAndKeepsNothingElse) {
  request_.leaves_nothing = true;
  put_into_cache("#!/bin/sh\necho cache $XDG_CACHE_HOME\n");
  EXPECT_THAT(run(), EndsWith("\ncache /dev/null\n"));
  fs::remove(cached());
  EXPECT_THAT(run("HASH\n" + agent_), EndsWith("\nstarted --arrived HASH \n"));
  EXPECT_TRUE(fs::is_empty(cache()));
}

TEST_F(RemoteCommand, FollowsNoLinkInASharedFolder) {
  home_ = "/dev/null";
  fs::create_directories(root_ / "trap");
  fs::create_directory_symlink(root_ / "trap", root_ / "tmp/prun-0123456789abcdef");
  const std::string output = run("HASH\n" + agent_);
  EXPECT_TRUE(fs::is_empty(root_ / "trap"));
  // The next folder has served.
  EXPECT_THAT(output, EndsWith("started --arrived HASH \n"));
  fs::remove_all("/dev/shm/prun-0123456789abcdef");
  fs::remove_all("/var/tmp/prun-0123456789abcdef");
}

TEST_F(RemoteCommand, ACacheThatOthersCanOpenIsNotUsed) {
  fs::create_directories(cache());
  ::chmod(cache().c_str(), 0755);
  EXPECT_THAT(run("HASH\n" + agent_), EndsWith("started --arrived HASH \n"));
  EXPECT_TRUE(fs::is_empty(cache()));
}

TEST_F(RemoteCommand, SaysWhichFoldersHadNoRoom) {
  request_.agents.front().bytes = std::uint64_t{1} << 60;
  EXPECT_THAT(run(), HasSubstr("\nprun-no-room " + cache().string() + " " + root_.string() +
                               "/tmp/prun-0123456789abcdef /dev/shm/prun-0123456789abcdef "));
  EXPECT_TRUE(fs::is_empty(cache()));
  EXPECT_TRUE(fs::is_empty(root_ / "tmp"));
}

TEST_F(RemoteCommand, SaysWhatProcessorHasNoAgent) {
  utsname names{};
  ::uname(&names);
  request_.agents.clear();
  EXPECT_EQ(run(), std::string("\nprun-machine ") + names.machine + "\n");
}

// Programs of the same names in a folder that PATH has first.
TEST_F(RemoteCommand, RunsTheProgramsOfTheSystemAndKeepsPathForTheAgent) {
  fs::create_directories(root_ / "bin");
  for (const std::string name : {"uname", "ls", "mkdir", "rm", "head", "dd", "df", "wc", "chmod"}) {
    std::ofstream(root_ / "bin" / name) << "#!/bin/sh\necho trap >>" << (root_ / "sprung") << "\n";
    ::chmod((root_ / "bin" / name).c_str(), 0755);
  }
  const std::string path = (root_ / "bin").string() + ":/usr/bin:/bin";
  const std::string agent = "#!/bin/sh\necho PATH $PATH\n";
  request_.agents.front().bytes = agent.size();
  EXPECT_THAT(run("HASH\n" + agent, "PATH=" + path + "; "), EndsWith("\nPATH " + path + "\n"));
  put_into_cache(agent);
  EXPECT_THAT(run("", "PATH=" + path + "; "), EndsWith("\nPATH " + path + "\n"));
  EXPECT_FALSE(fs::exists(root_ / "sprung"));
}

TEST_F(RemoteCommand, ALinkInTheCacheIsNotStarted) {
  put_into_cache(agent_);
  fs::rename(cached(), root_ / "elsewhere");
  fs::create_symlink(root_ / "elsewhere", cached());
  EXPECT_THAT(run("HASH\n" + agent_), HasSubstr("started --arrived HASH "));
}

TEST_F(RemoteCommand, AFifoOrAFolderInTheCacheIsNotStarted) {
  put_into_cache(agent_);
  fs::remove(cached());
  ASSERT_EQ(::mkfifo(cached().c_str(), 0700), 0);
  EXPECT_THAT(run("HASH\n" + agent_), HasSubstr("started --arrived HASH "));
  fs::remove_all(cache());
  fs::create_directories(cached());
  ::chmod(cache().c_str(), 0700);
  EXPECT_THAT(run("HASH\n" + agent_), HasSubstr("started --arrived HASH "));
}

TEST_F(RemoteCommand, ACacheThatIsNoAbsolutePathIsNone) {
  EXPECT_THAT(run("HASH\n" + agent_, "cd " + root_.string() +
                                         "; XDG_CACHE_HOME=tmp; "
                                         "export XDG_CACHE_HOME; "),
              EndsWith("started --arrived HASH " + cached().string() + "\n"));
}

// What belongs to another user, as only root can make it here.
class OthersPlaces : public RemoteCommand {
 protected:
  static constexpr unsigned other = 65533;
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "only root can give files away";
    ::chmod(root_.c_str(), 0755);
  }
  static void give_away(const fs::path& path) {
    ASSERT_EQ(::lchown(path.c_str(), other, other), 0);
  }
  const std::string trap_ = "#!/bin/sh\necho the code of another\n";
};

TEST_F(OthersPlaces, AnAgentOfAnotherIsNotStarted) {
  put_into_cache(trap_);
  give_away(cached());
  EXPECT_THAT(run("HASH\n" + agent_), HasSubstr("started --arrived HASH "));
}

TEST_F(OthersPlaces, ACacheOfAnotherIsNeitherReadNorWritten) {
  put_into_cache(trap_);
  give_away(cache());
  EXPECT_THAT(run("HASH\n" + agent_), EndsWith("started --arrived HASH \n"));
  EXPECT_EQ(std::distance(fs::directory_iterator(cache()), {}), 1);
}

TEST_F(OthersPlaces, ATemporaryFolderOfAnotherIsNotUsed) {
  home_ = "/dev/null";
  for (const unsigned mode : {0755u, 0777u, 01777u}) {
    ::chmod((root_ / "tmp").c_str(), static_cast<mode_t>(mode));
    give_away(root_ / "tmp");
    EXPECT_THAT(run("HASH\n" + agent_), EndsWith("started --arrived HASH \n"));
    EXPECT_TRUE(fs::is_empty(root_ / "tmp")) << std::oct << mode;
    fs::remove_all("/dev/shm/prun-0123456789abcdef");
    fs::remove_all("/var/tmp/prun-0123456789abcdef");
  }
}

}  // namespace
}  // namespace prun::ssh
