#include "launcher/stage/messages.hpp"

#include <algorithm>
#include <string_view>

#include "runtime/bootstrap/checked.hpp"

namespace prun::stage {
namespace {

using bootstrap::checked;
using bootstrap::get_bool;

}  // namespace

bool is_name_below(const std::string& name) {
  if (name.find('\0') != std::string::npos) return false;
  std::string_view rest = name;
  for (;;) {
    const std::size_t slash = rest.find('/');
    const auto part = rest.substr(0, slash);
    if (part.empty() || part == "." || part == "..") return false;
    if (slash == std::string_view::npos) return true;
    rest.remove_prefix(slash + 1);
  }
}

void StageOffer::encode(wire::Writer& out) const {
  out.u8(always ? 1 : 0);
  out.u32(static_cast<std::uint32_t>(files.size()));
  for (const auto& file : files) {
    out.string(file.path);
    out.string(file.name);
    out.string(file.target);
    out.u64(file.content.bytes);
    out.raw(file.content.hash);
    out.u8(file.executable ? 1 : 0);
    out.u8(file.asked_for ? 1 : 0);
  }
  out.u32(static_cast<std::uint32_t>(uses.size()));
  for (const auto& use : uses) {
    out.u32(use.program);
    out.u32(use.word);
    out.u32(use.file);
  }
}

core::Result<StageOffer> StageOffer::decode(wire::Reader& in) {
  StageOffer offer;
  offer.always = get_bool(in);
  offer.files.resize(in.count(max_files, 54));
  for (auto& file : offer.files) {
    file.path = in.string(wire::max_string_bytes);
    file.name = in.string(wire::max_string_bytes);
    file.target = in.string(wire::max_string_bytes);
    file.content.bytes = in.u64();
    const auto hash = in.raw(file.content.hash.size());
    std::copy(hash.begin(), hash.end(), file.content.hash.begin());
    file.executable = get_bool(in);
    file.asked_for = get_bool(in);
    if (file.content.bytes > max_file_bytes || !is_name_below(file.name)) in.fail();
  }
  offer.uses.resize(in.count(max_files, 12));
  for (auto& use : offer.uses) {
    use.program = in.u32();
    use.word = in.u32();
    use.file = in.u32();
    if (use.file >= offer.files.size()) in.fail();
  }
  return checked(in, std::move(offer), "stage_offer");
}

void StageWant::encode(wire::Writer& out) const {
  out.u32(static_cast<std::uint32_t>(files.size()));
  for (const auto file : files) out.u32(file);
  out.u16(port);
}

core::Result<StageWant> StageWant::decode(wire::Reader& in) {
  StageWant want;
  want.files.resize(in.count(max_files, 4));
  for (auto& file : want.files) file = in.u32();
  want.port = in.u16();
  return checked(in, std::move(want), "stage_want");
}

void StagePassOn::encode(wire::Writer& out) const {
  out.u32(host);
  out.u16(port);
}

core::Result<StagePassOn> StagePassOn::decode(wire::Reader& in) {
  StagePassOn message;
  message.host = in.u32();
  message.port = in.u16();
  if (message.port == 0) in.fail();
  return checked(in, message, "stage_pass_on");
}

void StageUnpassed::encode(wire::Writer& out) const {
  out.string(why);
}

core::Result<StageUnpassed> StageUnpassed::decode(wire::Reader& in) {
  StageUnpassed message;
  message.why = in.string(wire::max_string_bytes);
  return checked(in, std::move(message), "stage_unpassed");
}

void StageSourceLost::encode(wire::Writer&) const {}

core::Result<StageSourceLost> StageSourceLost::decode(wire::Reader& in) {
  return checked(in, StageSourceLost{}, "stage_source_lost");
}

void StageProgress::encode(wire::Writer& out) const {
  out.u64(bytes);
}

core::Result<StageProgress> StageProgress::decode(wire::Reader& in) {
  StageProgress message;
  message.bytes = in.u64();
  return checked(in, message, "stage_progress");
}

void StageData::encode(wire::Writer& out) const {
  out.u32(file);
  out.bytes(data);
}

core::Result<StageData> StageData::decode(wire::Reader& in) {
  StageData chunk;
  chunk.file = in.u32();
  const auto data = in.bytes(data_chunk_bytes);
  chunk.data.assign(data.begin(), data.end());
  return checked(in, std::move(chunk), "stage_data");
}

}  // namespace prun::stage
