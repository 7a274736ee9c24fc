#include "launcher/stage/agent_binary.hpp"

#include <elf.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <optional>

namespace prun::stage {
namespace {

constexpr std::string_view file_stem = "prun-agent-";
constexpr std::size_t head_bytes = 4096;  // program headers and notes stand first

// Fields of an ELF header, whichever width; only in our own byte order, which all agents have.
class ElfHead {
 public:
  explicit ElfHead(std::span<const std::byte> bytes) : bytes_(bytes) {}

  bool is_elf() const {
    return bytes_.size() >= sizeof(Elf32_Ehdr) && std::memcmp(bytes_.data(), ELFMAG, SELFMAG) == 0;
  }
  bool is_wide() const { return bytes_[EI_CLASS] == std::byte{ELFCLASS64}; }

  template <class T>
  std::optional<T> at(std::uint64_t offset) const {
    if (offset > bytes_.size() || bytes_.size() - offset < sizeof(T)) return std::nullopt;
    T value;
    std::memcpy(&value, bytes_.data() + offset, sizeof value);
    return value;
  }

  std::span<const std::byte> part(std::uint64_t offset, std::uint64_t size) const {
    if (offset > bytes_.size() || bytes_.size() - offset < size) return {};
    return bytes_.subspan(static_cast<std::size_t>(offset), static_cast<std::size_t>(size));
  }

 private:
  std::span<const std::byte> bytes_;
};

std::string hex(std::span<const std::byte> bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (const std::byte byte : bytes) {
    text += digits[std::to_integer<std::size_t>(byte >> 4)];
    text += digits[std::to_integer<std::size_t>(byte & std::byte{15})];
  }
  return text;
}

// The notes of one segment: a sequence of name size, content size, type, name, content, each padded
// to four bytes.
std::string build_id_in(const ElfHead& head, std::uint64_t offset, std::uint64_t size) {
  constexpr auto padded = [](std::uint64_t length) { return (length + 3) / 4 * 4; };
  for (std::uint64_t at = 0; at + sizeof(Elf32_Nhdr) <= size;) {
    const auto note = head.at<Elf32_Nhdr>(offset + at);
    if (!note) return {};
    const std::uint64_t content = at + sizeof(Elf32_Nhdr) + padded(note->n_namesz);
    if (note->n_type == NT_GNU_BUILD_ID && note->n_namesz == sizeof "GNU" && note->n_descsz >= 8 &&
        note->n_descsz <= 64 && content + note->n_descsz <= size) {
      return hex(head.part(offset + content, note->n_descsz));
    }
    at = content + padded(note->n_descsz);
  }
  return {};
}

template <class Header, class Segment>
std::string build_id_of(const ElfHead& head) {
  const auto header = head.at<Header>(0);
  if (!header || header->e_phentsize != sizeof(Segment)) return {};
  for (std::uint64_t i = 0; i < header->e_phnum; ++i) {
    const auto segment = head.at<Segment>(std::uint64_t{header->e_phoff} + i * sizeof(Segment));
    if (!segment) return {};
    if (segment->p_type != PT_NOTE) continue;
    if (auto id = build_id_in(head, segment->p_offset, segment->p_filesz); !id.empty()) return id;
  }
  return {};
}

std::string read_head(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string bytes(head_bytes, '\0');
  file.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  bytes.resize(static_cast<std::size_t>(file.gcount()));
  return bytes;
}

}  // namespace

std::string build_id(std::span<const std::byte> head) {
  const ElfHead elf(head);
  if (!elf.is_elf()) return {};
  return elf.is_wide() ? build_id_of<Elf64_Ehdr, Elf64_Phdr>(elf)
                       : build_id_of<Elf32_Ehdr, Elf32_Phdr>(elf);
}

std::vector<AgentChoice> agents_by_machine(const std::vector<AgentBinary>& agents) {
  std::vector<AgentChoice> choices;
  for (const auto& family : families()) {
    for (const auto architecture : family.architectures) {
      const auto found = std::find_if(agents.begin(), agents.end(), [&](const AgentBinary& agent) {
        return agent.architecture == architecture;
      });
      if (found == agents.end()) continue;
      choices.push_back({family.machine, &*found});
      break;
    }
  }
  return choices;
}

std::vector<std::string> agent_folders(const std::string& own_path) {
  const auto beside = std::filesystem::path(own_path).parent_path();
  return {beside.string(), (beside.parent_path() / "libexec" / "prun").string()};
}

std::vector<AgentBinary> find_agents(const std::vector<std::string>& folders) {
  std::vector<AgentBinary> agents;
  for (const auto& folder : folders) {
    for (const auto& family : families()) {
      for (const auto architecture : family.architectures) {
        const auto known = [&](const AgentBinary& one) { return one.architecture == architecture; };
        if (std::any_of(agents.begin(), agents.end(), known)) continue;
        AgentBinary agent;
        agent.architecture = architecture;
        agent.path = folder + "/" + std::string(file_stem) + agent.architecture;
        struct stat info {};
        if (::stat(agent.path.c_str(), &info) != 0 || !S_ISREG(info.st_mode)) continue;
        agent.bytes = static_cast<std::uint64_t>(info.st_size);
        const std::string head = read_head(agent.path);
        agent.id = build_id(std::as_bytes(std::span(head.data(), head.size())));
        if (!agent.id.empty()) agents.push_back(std::move(agent));
      }
    }
  }
  return agents;
}

}  // namespace prun::stage
