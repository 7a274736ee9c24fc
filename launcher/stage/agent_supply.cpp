#include "launcher/stage/agent_supply.hpp"

#include <algorithm>
#include <cstddef>

#include "launcher/stage/content_hash.hpp"
#include "launcher/system/files.hpp"

namespace prun::stage {

AgentSupply::Bytes AgentSupply::find(const std::string& wanted) {
  if (const auto known = read_.find(wanted); known != read_.end()) return known->second;
  const auto found = std::find_if(agents_.begin(), agents_.end(), [&](const AgentBinary& one) {
    return one.architecture + "-" + one.id == wanted;
  });
  if (found == agents_.end()) return nullptr;
  const std::string content =
      system::read_file(found->path, static_cast<std::size_t>(found->bytes) + 1);
  const auto bytes = std::as_bytes(std::span(content.data(), content.size()));
  // Somebody may be building a new one.
  if (bytes.size() != found->bytes || build_id(bytes) != found->id) return nullptr;
  Hasher hasher;
  hasher.add(bytes);
  const std::string line = to_hex(hasher.finish()) + "\n";
  auto whole = std::make_shared<std::vector<std::byte>>();
  whole->reserve(line.size() + bytes.size());
  for (const auto part : {std::as_bytes(std::span(line.data(), line.size())), bytes})
    whole->insert(whole->end(), part.begin(), part.end());
  return read_[wanted] = std::move(whole);
}

}  // namespace prun::stage
