// Hostfiles of both dialects.

#include "launcher/hosts/hostfile.hpp"

#include "launcher/hosts/host_range.hpp"
#include "tests/fuzz/host_words.hpp"
#include "tests/fuzz/input.hpp"
#include "tests/fuzz/targets.hpp"

namespace prun::fuzz {

void hostfile(Bytes input) {
  const auto list = hosts::parse_hostfile(as_text(input), "hosts.txt");
  if (list) {
    require(list.value().size() <= hosts::max_hosts_named, "a file is bounded");
    check_hosts(list.value());
  } else {
    require(list.failure().text.rfind("hosts.txt:", 0) == 0 ||
                list.failure().text.rfind("hostfile 'hosts.txt'", 0) == 0,
            "the place of the fault is told");
  }
}

}  // namespace prun::fuzz
