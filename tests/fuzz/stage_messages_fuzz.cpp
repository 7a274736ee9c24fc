// What launcher and agents say about files: numbers, names and hashes that become files on a host.

#include "launcher/stage/messages.hpp"

#include <filesystem>

#include "tests/fuzz/input.hpp"
#include "tests/fuzz/messages.hpp"
#include "tests/fuzz/targets.hpp"

namespace prun::fuzz {
namespace {

using namespace prun::stage;

void check_name(const std::string& name) {
  if (!is_name_below(name)) return;
  const std::filesystem::path folder = "/run/of/a/job";
  const std::string joined = (folder / name).lexically_normal().string();
  require(joined.rfind(folder.string() + "/", 0) == 0, "a name leads nowhere but below its folder");
}

void check_offer(const bootstrap::ControlFrame& frame) {
  if (frame.kind != StageOffer::kind) return;
  const auto offer = bootstrap::decode_frame<StageOffer>(frame);
  if (!offer) return;
  require(offer.value().files.size() <= max_files && offer.value().uses.size() <= max_files,
          "an offer is bounded");
  for (const OfferedFile& file : offer.value().files) {
    require(is_name_below(file.name), "a name that is believed stays below its folder");
    require(file.content.bytes <= max_file_bytes, "a file is bounded");
    check_name(file.name);
  }
  for (const FileUse& use : offer.value().uses)
    require(use.file < offer.value().files.size(), "a use is of a file of the offer");
}

}  // namespace

void stage_messages(Bytes bytes) {
  Input input(bytes);
  if (input.flag()) {
    check_name(std::string(as_text(input.rest())));
    return;
  }
  const auto kind = static_cast<bootstrap::ControlKind>(input.u8());
  const bootstrap::ControlFrame frame{kind, input.rest()};
  check_offer(frame);
  believed_as_any<StageOffer, StageWant, StagePassOn, StageUnpassed, StageSourceLost, StageProgress,
                  StageData>(frame);
}

}  // namespace prun::fuzz
