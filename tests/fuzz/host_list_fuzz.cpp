// -H and the ranges in it.

#include "launcher/hosts/host_range.hpp"
#include "tests/fuzz/host_words.hpp"
#include "tests/fuzz/input.hpp"
#include "tests/fuzz/targets.hpp"

namespace prun::fuzz {

void host_list(Bytes input) {
  const auto list = hosts::parse_host_list(as_text(input));
  if (list) {
    require(list.value().size() <= hosts::max_hosts_named, "a list is bounded");
    check_hosts(list.value());
  } else {
    require(!list.failure().text.empty(), "what is wrong is said");
  }
  const auto names = hosts::expand_range(as_text(input));
  if (names) {
    require(!names.value().empty() && names.value().size() <= hosts::max_hosts_named,
            "a range is bounded");
  }
}

}  // namespace prun::fuzz
