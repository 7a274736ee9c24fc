#include <elf.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>

#include "launcher/stage/agent_binary.hpp"
#include "launcher/stage/agent_supply.hpp"
#include "launcher/stage/content_hash.hpp"
#include "launcher/stage/program_choice.hpp"

namespace prun::stage {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

template <class T>
void put(std::string& bytes, std::size_t at, const T& value) {
  if (bytes.size() < at + sizeof value) bytes.resize(at + sizeof value);
  std::memcpy(bytes.data() + at, &value, sizeof value);
}

// An ELF file with nothing but a build id of the bytes 1 2 ... 20 behind another note.
template <class Header, class Segment>
std::string elf_file(unsigned char width) {
  std::string bytes;
  Header header{};
  std::memcpy(header.e_ident, ELFMAG, SELFMAG);
  header.e_ident[EI_CLASS] = width;
  header.e_phoff = sizeof header;
  header.e_phentsize = sizeof(Segment);
  header.e_phnum = 2;
  put(bytes, 0, header);
  Segment load{};
  load.p_type = PT_LOAD;
  put(bytes, sizeof header, load);
  Segment notes{};
  notes.p_type = PT_NOTE;
  notes.p_offset = 512;
  notes.p_filesz = 20 + 36;
  put(bytes, sizeof header + sizeof load, notes);
  put(bytes, 512, Elf32_Nhdr{4, 2, 99});
  put(bytes, 532, Elf32_Nhdr{4, 20, NT_GNU_BUILD_ID});
  bytes += std::string("GNU\0", 4);
  for (char i = 1; i <= 20; ++i) bytes += i;
  return bytes;
}

std::string id_of(const std::string& bytes) {
  return build_id(std::as_bytes(std::span(bytes.data(), bytes.size())));
}

const std::string id = "0102030405060708090a0b0c0d0e0f1011121314";

TEST(BuildId, IsReadFromBothWidths) {
  EXPECT_EQ(id_of(elf_file<Elf64_Ehdr, Elf64_Phdr>(ELFCLASS64)), id);
  EXPECT_EQ(id_of(elf_file<Elf32_Ehdr, Elf32_Phdr>(ELFCLASS32)), id);
}

TEST(BuildId, OfAnythingElseIsEmpty) {
  const std::string whole = elf_file<Elf64_Ehdr, Elf64_Phdr>(ELFCLASS64);
  for (std::size_t size = 0; size < whole.size(); ++size)
    EXPECT_EQ(id_of(whole.substr(0, size)), "") << size;
  for (std::size_t at = 0; at < whole.size(); ++at) {
    std::string lie = whole;
    lie[at] = static_cast<char>(~lie[at]);
    id_of(lie);  // whatever it is, it reads nothing beyond the bytes
  }
}

class Folder : public ::testing::Test {
 protected:
  Folder() {
    std::string pattern = (fs::temp_directory_path() / "prun-test-XXXXXX").string();
    root_ = ::mkdtemp(pattern.data());
    fs::create_directories(root_ / "a");
    fs::create_directories(root_ / "b");
  }
  ~Folder() override { fs::remove_all(root_); }
  void write(const std::string& name, const std::string& text) const {
    std::ofstream(root_ / name, std::ios::binary) << text;
  }

  fs::path root_;
};

TEST_F(Folder, AgentsAreFoundOnceAndOnlyWithAnId) {
  write("a/prun-agent-armhf", elf_file<Elf32_Ehdr, Elf32_Phdr>(ELFCLASS32));
  write("b/prun-agent-armhf", "another");
  write("b/prun-agent-aarch64", elf_file<Elf64_Ehdr, Elf64_Phdr>(ELFCLASS64) + "longer");
  write("b/prun-agent-x86_64", "no program");
  const auto agents = find_agents({(root_ / "a").string(), (root_ / "b").string()});
  ASSERT_EQ(agents.size(), 2U);
  for (const auto& agent : agents) {
    EXPECT_EQ(agent.id, id);
    EXPECT_EQ(agent.bytes, fs::file_size(agent.path));
    EXPECT_EQ(agent.path, (root_ / (agent.architecture == "armhf" ? "a" : "b")).string() +
                              "/prun-agent-" + agent.architecture);
  }
  // A 64-bit ARM takes its own before the 32-bit one.
  for (const auto& choice : agents_by_machine(agents)) {
    EXPECT_EQ(choice.agent->architecture, choice.machine == "aarch64" ? "aarch64" : "armhf");
  }
}

TEST(Architectures, OfMachines) {
  EXPECT_THAT(architectures_for("x86_64"), ElementsAre("x86_64", "i686"));
  EXPECT_THAT(architectures_for("aarch64"), ElementsAre("aarch64", "armhf", "armv6"));
  EXPECT_THAT(architectures_for("armv6l"), ElementsAre("armv6"));
  EXPECT_THAT(architectures_for("armv7l"), ElementsAre("armhf", "armv6"));
  EXPECT_THAT(architectures_for("vax"), IsEmpty());
  // Programs for it are called so on the systems that have it.
  EXPECT_THAT(program_architectures_for("armv6l"), ElementsAre("armv6", "armhf"));
}

TEST(Architectures, AsUsersCallThem) {
  EXPECT_EQ(architecture_named("arm64"), "aarch64");
  EXPECT_EQ(architecture_named("amd64"), "x86_64");
  EXPECT_EQ(architecture_named("armv7l"), "armhf");
  EXPECT_EQ(architecture_named("i386"), "i686");
  EXPECT_EQ(architecture_named("vax"), std::nullopt);
  for (const auto& family : families()) {
    for (const auto architecture : family.architectures)
      EXPECT_EQ(architecture_named(architecture), architecture);
  }
}

TEST(Architectures, InTheNamesOfFiles) {
  EXPECT_THAT(names_in_files("x86_64"), ElementsAre("x86_64", "amd64", "i686", "i386"));
  EXPECT_THAT(names_in_files("armv6l"), ElementsAre("armv6l", "armv6", "armhf", "arm"));
  EXPECT_THAT(names_in_files("vax"), ElementsAre("vax"));
}

TEST_F(Folder, OneProgramForEachProcessor) {
  const std::string folder = (root_ / "a").string();
  const ProgramChoice choice{"./prime.%a", {}, folder};
  EXPECT_TRUE(choice.depends_on_processor());
  // None is here: the usual name, that the host may know.
  EXPECT_EQ(choice.name_for("aarch64"), "./prime.aarch64");
  EXPECT_EQ(choice.name_for("armv7l"), "./prime.armhf");
  EXPECT_EQ(choice.name_for("vax"), "./prime.vax");
  EXPECT_THAT(choice.files_here(), IsEmpty());
  write("a/prime.arm64", "");
  write("a/prime.armv7l", "");
  write("a/prime.armhf", "");
  EXPECT_EQ(choice.name_for("aarch64"), "./prime.arm64");
  EXPECT_EQ(choice.name_for("armv7l"), "./prime.armv7l");
  EXPECT_EQ(choice.name_for("armv6l"), "./prime.armhf");
  EXPECT_EQ(choice.files_here().size(), 3U);
}

TEST_F(Folder, FilesByMap) {
  const ProgramChoice choice{"./prime", {{"aarch64", "arm/prime"}}, (root_ / "a").string()};
  EXPECT_TRUE(choice.depends_on_processor());
  EXPECT_EQ(choice.name_for("aarch64"), "arm/prime");
  EXPECT_EQ(choice.name_for("x86_64"), "./prime");
  EXPECT_FALSE((ProgramChoice{"./prime", {}, "/"}).depends_on_processor());
  // What a 64-bit board can run too.
  const ProgramChoice small{"./prime.%a", {{"armhf", "./small"}}, (root_ / "a").string()};
  EXPECT_EQ(small.name_for("aarch64"), "./small");
  EXPECT_EQ(small.name_for("x86_64"), "./prime.x86_64");
}

TEST_F(Folder, WhatIsSentIsTheHashAndTheFile) {
  const std::string text = elf_file<Elf64_Ehdr, Elf64_Phdr>(ELFCLASS64);
  write("a/prun-agent-aarch64", text);
  AgentSupply supply(find_agents({(root_ / "a").string()}));
  const auto bytes = supply.find("aarch64-" + id);
  ASSERT_NE(bytes, nullptr);
  const auto content = hash_file((root_ / "a/prun-agent-aarch64").string());
  EXPECT_EQ(std::string(reinterpret_cast<const char*>(bytes->data()), bytes->size()),
            to_hex(content->hash) + "\n" + text);
  EXPECT_EQ(supply.find("aarch64-" + id), bytes);
  EXPECT_EQ(supply.find("armhf-" + id), nullptr);
}

TEST_F(Folder, AnAgentThatWasReplacedIsNotSent) {
  write("a/prun-agent-aarch64", elf_file<Elf64_Ehdr, Elf64_Phdr>(ELFCLASS64));
  AgentSupply supply(find_agents({(root_ / "a").string()}));
  write("a/prun-agent-aarch64", elf_file<Elf64_Ehdr, Elf64_Phdr>(ELFCLASS64) + "newer");
  EXPECT_EQ(supply.find("aarch64-" + id), nullptr);
}

TEST_F(Folder, HashesTellContentsApart) {
  write("a/x", std::string(1000000, 'x'));
  write("a/y", std::string(1000000, 'x') + "y");
  const auto x = hash_file((root_ / "a/x").string());
  const auto y = hash_file((root_ / "a/y").string());
  EXPECT_EQ(x->bytes, 1000000U);
  EXPECT_NE(x->hash, y->hash);
  EXPECT_EQ(from_hex(to_hex(x->hash)), x->hash);
  EXPECT_EQ(from_hex(to_hex(x->hash).substr(1)), std::nullopt);
  std::string digits = to_hex(x->hash);
  digits.front() = 'g';
  EXPECT_EQ(from_hex(digits), std::nullopt);
  EXPECT_EQ(hash_file((root_ / "none").string()), std::nullopt);
}

}  // namespace
}  // namespace prun::stage
