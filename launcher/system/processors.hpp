#pragma once

#include <optional>
#include <string_view>
#include <vector>

namespace prun::system {

// Numbers as the kernel lists them: "0-3,8" is 0 1 2 3 8. Nothing where the text is no such list.
std::optional<std::vector<int>> parse_processor_list(std::string_view text);

// The processors this process may run on, by core: those of one core (its hardware threads) stand
// together. As the kernel numbers them; empty where it does not say.
std::vector<std::vector<int>> processors_by_core();

}  // namespace prun::system
