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
// Less than this is sent to each host at once, without asking who could pass it on.
inline constexpr std::uint64_t least_passed_on_bytes = std::uint64_t{1} << 20;

// One file as it is where prun was started.
struct OfferedFile {
  std::string path;    // there; the same path on the host is looked at first
  std::string name;    // below the run's folder: relative, without ".."
  std::string target;  // what it was built for (system::elf_target); empty: anything
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

// Agent to launcher: these are not there. Comes before agent_ready, unless all are; and once more
// when another host was to pass them on and has not: then with what is still missing, to be sent by
// the launcher itself.
struct StageWant {
  static constexpr auto kind = bootstrap::ControlKind::stage_want;
  std::vector<std::uint32_t> files;
  std::uint16_t port = 0;  // where it takes them from another host; 0: from the launcher alone

  void encode(wire::Writer& out) const;
  static core::Result<StageWant> decode(wire::Reader& in);
};

// Launcher to agent: give what you have wanted to that host too, which wants the same, as it comes.
struct StagePassOn {
  static constexpr auto kind = bootstrap::ControlKind::stage_pass_on;
  std::uint32_t host = 0;  // index into the job's hosts
  std::uint16_t port = 0;

  void encode(wire::Writer& out) const;
  static core::Result<StagePassOn> decode(wire::Reader& in);
};

// Agent to launcher: it cannot be given to that host, or not all of it.
struct StageUnpassed {
  static constexpr auto kind = bootstrap::ControlKind::stage_unpassed;
  std::string why;

  void encode(wire::Writer& out) const;
  static core::Result<StageUnpassed> decode(wire::Reader& in);
};

// Launcher to agent: no other host passes anything on; say what is missing (stage_want).
struct StageSourceLost {
  static constexpr auto kind = bootstrap::ControlKind::stage_source_lost;
  void encode(wire::Writer& out) const;
  static core::Result<StageSourceLost> decode(wire::Reader& in);
};

// Agent to launcher, now and then: how much of the wanted files has come from another host.
struct StageProgress {
  static constexpr auto kind = bootstrap::ControlKind::stage_progress;
  std::uint64_t bytes = 0;

  void encode(wire::Writer& out) const;
  static core::Result<StageProgress> decode(wire::Reader& in);
};

// Launcher to agent, and agent to agent: the next bytes of a wanted file; files come in the order
// they were wanted.
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
