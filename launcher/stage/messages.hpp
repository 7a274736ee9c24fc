#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "launcher/stage/content_hash.hpp"
#include "runtime/bootstrap/control_messages.hpp"

// What launcher and agent say to each other about files that go along with a job: further messages
// of bootstrap/control_messages.hpp. docs/wire_format.md gives every field.
namespace prun::stage {

inline constexpr std::size_t data_chunk_bytes = 64 * 1024;
inline constexpr std::uint64_t max_file_bytes = std::uint64_t{1} << 40;
inline constexpr std::size_t max_files = 1024;

// One file as it is where prun was started.
struct OfferedFile {
  std::string path;    // there; the same path on the host is looked at first
  std::string name;    // below the run's folder: relative, without ".."
  std::string target;  // what it was built for (agent::elf_target); empty: anything
  FileContent content;
  bool executable = false;
  bool asked_for = false;  // by --stage FILE, not for a program's sake

  bool operator==(const OfferedFile&) const = default;
};

// A word of a program's command that names one of the files; word 0 is the program itself.
struct FileUse {
  std::uint32_t program = 0;
  std::uint32_t word = 0;
  std::uint32_t file = 0;

  bool operator==(const FileUse&) const = default;
};

// Launcher to agent, before job_setup: what the host may have or be sent.
struct StageOffer {
  static constexpr auto kind = bootstrap::ControlKind::stage_offer;
  bool always = false;  // --stage=always: also where the same path has the same content
  std::vector<OfferedFile> files;
  std::vector<FileUse> uses;

  void encode(wire::Writer& out) const;
  static core::Result<StageOffer> decode(wire::Reader& in);
};

// Agent to launcher: these are not there. Comes once, before agent_ready, unless all are.
struct StageWant {
  static constexpr auto kind = bootstrap::ControlKind::stage_want;
  std::vector<std::uint32_t> files;

  void encode(wire::Writer& out) const;
  static core::Result<StageWant> decode(wire::Reader& in);
};

// Launcher to agent: the next bytes of a wanted file; files come in the order they were wanted.
struct StageData {
  static constexpr auto kind = bootstrap::ControlKind::stage_data;
  std::uint32_t file = 0;
  std::vector<std::byte> data;

  void encode(wire::Writer& out) const;
  static core::Result<StageData> decode(wire::Reader& in);
};

// A relative name that stays below the folder it is seen from.
bool is_name_below(const std::string& name);

}  // namespace prun::stage
