#include "launcher/hosts/hostfile.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace prun::hosts {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

Host host(std::string name, std::uint32_t slots = 0, std::string user = {},
          std::uint16_t port = 0) {
  Host result;
  result.name = std::move(name);
  result.user = std::move(user);
  result.port = port;
  result.slots_given = slots != 0;
  if (slots != 0) result.slots = slots;
  return result;
}

std::vector<Host> parsed(std::string_view text) {
  auto list = parse_hostfile(text, "hosts");
  EXPECT_TRUE(list.ok()) << text << ": " << (list ? "" : list.failure().text);
  return list ? std::move(list).value() : std::vector<Host>{};
}

std::string refusal(std::string_view text) {
  const auto list = parse_hostfile(text, "hosts");
  EXPECT_FALSE(list.ok()) << text;
  return list ? std::string() : list.failure().text;
}

TEST(Hostfile, OneNameALine) {
  EXPECT_THAT(parsed("rpi1\nrpi2\nrpi3\nrpi4\n"),
              ElementsAre(host("rpi1"), host("rpi2"), host("rpi3"), host("rpi4")));
  EXPECT_THAT(parsed("192.168.1.101"), ElementsAre(host("192.168.1.101")));
}

TEST(Hostfile, BothDialects) {
  EXPECT_THAT(
      parsed("rpi1:4\nrpi2 slots=4\nrpi3 slots=4 max_slots=8\nrpi4 slots = 2\tmax-slots=2\n"),
      ElementsAre(host("rpi1", 4), host("rpi2", 4), host("rpi3", 4), host("rpi4", 2)));
}

TEST(Hostfile, UsersAndPorts) {
  EXPECT_THAT(
      parsed("pi@rpi1:2\nrpi2 user=pi port=2222\nssh://pi@rpi3:2200 slots=3\n"),
      ElementsAre(host("rpi1", 2, "pi"), host("rpi2", 0, "pi", 2222), host("rpi3", 3, "pi", 2200)));
}

TEST(Hostfile, CommentsBlankLinesAndWindowsLineEnds) {
  EXPECT_THAT(
      parsed("\xef\xbb\xbf# my cluster\r\n\r\n  rpi1:2  # the fast one\r\n\t\r\nrpi2#slow\r\n"),
      ElementsAre(host("rpi1", 2), host("rpi2")));
}

TEST(Hostfile, RangesAndListsOnALine) {
  EXPECT_THAT(
      parsed("rpi[1-2] slots=2\na,b user=pi\n"),
      ElementsAre(host("rpi1", 2), host("rpi2", 2), host("a", 0, "pi"), host("b", 0, "pi")));
  EXPECT_EQ(parsed("rpi[1, 2]\n").size(), 2u);
}

TEST(Hostfile, RepeatsAreKept) {
  EXPECT_THAT(parsed("rpi1\nrpi1\n"), ElementsAre(host("rpi1"), host("rpi1")));
}

TEST(Hostfile, LineOfEtcHostsMeansTheAddress) {
  EXPECT_THAT(
      parsed("192.168.0.101 rpi1\n192.168.0.102\trpi2 rpi2.local slots=2\nfe80::3 rpi3\nfe80::4\n"),
      ElementsAre(host("192.168.0.101"), host("192.168.0.102", 2), host("fe80::3"),
                  host("fe80::4")));
}

TEST(Hostfile, CopiedEtcHostsNamesEachMachineOnce) {
  EXPECT_THAT(
      parsed(
          "127.0.0.1 localhost rpi1\n127.0.1.1 rpi1\n::1 localhost ip6-localhost ip6-loopback\n"
          "fe00::0 ip6-localnet\nff02::1 ip6-allnodes\n192.168.0.101 rpi1\n192.168.0.102 rpi2\n"),
      ElementsAre(host("192.168.0.101"), host("192.168.0.102")));
  EXPECT_THAT(refusal("127.0.0.1 localhost rpi1\n"), HasSubstr("names no host"));
}

TEST(Hostfile, LoopbackAloneOnItsLineCounts) {
  EXPECT_THAT(parsed("127.0.0.1\nlocalhost slots=4\n127.0.0.1 slots=2\n"),
              ElementsAre(host("127.0.0.1"), host("localhost", 4), host("127.0.0.1", 2)));
}

TEST(Hostfile, ErrorsNameFileLineWordAndWhatIsAllowed) {
  EXPECT_EQ(refusal("rpi1\n\nrpi2 slot=4\n"),
            "hosts:3: 'slot=4' is not understood; a line is HOST, HOST:N or HOST slots=N, with "
            "max_slots=N, "
            "user=NAME, port=N if needed; for example: rpi1 slots=4");
  EXPECT_THAT(refusal("rpi1 4\n"),
              StartsWith("hosts:1: '4' stands alone; for 4 ranks write slots=4"));
  EXPECT_THAT(refusal("192.168.0.101 4\n"), StartsWith("hosts:1: '4' stands alone"));
  EXPECT_THAT(refusal("rpi1 rpi2\n"),
              StartsWith("hosts:1: 'rpi2' is one word too many: each host has its own line"));
  EXPECT_EQ(refusal("# x\nrpi1:x\n"),
            "hosts:2: host 'rpi1:x': 'x' is not a count of ranks from 1 to 65536; write for "
            "example rpi1:4");
  EXPECT_EQ(refusal("rpi1 slots=0\n"),
            "hosts:1: 'slots=0' needs a number from 1 to 65536; for example: rpi1 slots=4");
  EXPECT_THAT(refusal("rpi1 slots=\n"), StartsWith("hosts:1: 'slots=' needs a number"));
  EXPECT_THAT(refusal("rpi1 max_slots=many\n"),
              StartsWith("hosts:1: 'max_slots=many' needs a number"));
  EXPECT_EQ(refusal("rpi1 port=70000\n"),
            "hosts:1: 'port=70000' needs a port from 1 to 65535; for example: rpi1 port=2222");
  EXPECT_EQ(refusal("rpi1 user=-l\n"),
            "hosts:1: 'user=-l' is not a user name; for example: rpi1 user=pi");
  EXPECT_EQ(refusal("rpi1:4 slots=4\n"),
            "hosts:1: the count is given twice, behind the colon and as slots=; write it once");
  EXPECT_THAT(refusal("rpi[1-4\n"), StartsWith("hosts:1: host range 'rpi[1-4'"));
}

TEST(Hostfile, EmptyIsExplained) {
  EXPECT_EQ(refusal(""),
            "hostfile 'hosts' names no host; write one on each line, for example: rpi1 slots=4");
  EXPECT_THAT(refusal("# nothing\n\n"), HasSubstr("names no host"));
}

TEST(Hostfile, BinaryIsRefused) {
  EXPECT_THAT(refusal(std::string_view("r\0p\0", 4)), HasSubstr("this is no text file"));
}

TEST(Hostfile, TooManyHostsAreRefused) {
  EXPECT_EQ(refusal("a[1-4096]\nb\n"), "hosts:2: the file names more than 4096 hosts");
}

class HostfileOnDisk : public testing::Test {
 protected:
  HostfileOnDisk() {
    std::string pattern =
        (std::filesystem::temp_directory_path() / "prun-hostfile-XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
  }
  ~HostfileOnDisk() override { std::filesystem::remove_all(folder_); }

  std::string path(const std::string& name) const { return (folder_ / name).string(); }

 private:
  std::filesystem::path folder_;
};

TEST_F(HostfileOnDisk, IsRead) {
  std::ofstream(path("hosts")) << "rpi1\nrpi2:2\n";
  const auto read = read_hostfile(path("hosts"));
  ASSERT_TRUE(read.ok());
  EXPECT_THAT(read.value(), ElementsAre(host("rpi1"), host("rpi2", 2)));
}

TEST_F(HostfileOnDisk, ErrorsNameIt) {
  std::ofstream(path("hosts")) << "rpi1 slot=2\n";
  const auto read = read_hostfile(path("hosts"));
  ASSERT_FALSE(read.ok());
  EXPECT_THAT(read.failure().text, StartsWith(path("hosts") + ":1: 'slot=2'"));
}

TEST_F(HostfileOnDisk, MissingIsExplained) {
  const auto read = read_hostfile(path("none"));
  ASSERT_FALSE(read.ok());
  EXPECT_EQ(read.failure().text,
            "hostfile '" + path("none") +
                "': there is no such file here; write one with a host name on each line, for "
                "example rpi1");
}

TEST_F(HostfileOnDisk, FolderIsExplained) {
  const auto read = read_hostfile(path("."));
  ASSERT_FALSE(read.ok());
  EXPECT_EQ(read.failure().text, "hostfile '" + path(".") + "': it is a folder, not a file");
}

TEST_F(HostfileOnDisk, UnreadableIsExplained) {
  std::ofstream(path("hosts")) << "rpi1\n";
  chmod(path("hosts").c_str(), 0);
  const bool is_root = geteuid() == 0;  // root may read every file, so be nobody for the moment
  if (is_root) {
    ASSERT_EQ(seteuid(65534), 0);
  }
  const auto read = read_hostfile(path("hosts"));
  if (is_root) {
    ASSERT_EQ(seteuid(0), 0);
  }
  ASSERT_FALSE(read.ok());
  EXPECT_THAT(read.failure().text, HasSubstr("you have no permission to read it"));
}

}  // namespace
}  // namespace prun::hosts
