// Values packed by cereal, as a receive unpacks them: nothing but prun::Error may come of any bytes,
// and no more memory may be taken than the bytes can account for.

#include <cereal/types/array.hpp>
#include <cereal/types/map.hpp>
#include <cereal/types/memory.hpp>
#include <cereal/types/optional.hpp>
#include <cereal/types/set.hpp>
#include <cereal/types/string.hpp>
#include <cereal/types/tuple.hpp>
#include <cereal/types/unordered_map.hpp>
#include <cereal/types/utility.hpp>
#include <cereal/types/variant.hpp>
#include <cereal/types/vector.hpp>

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <prun/serialize.hpp>
#include <set>
#include <string>
#include <tuple>
#include <unordered_map>
#include <variant>
#include <vector>

#include "tests/fuzz/input.hpp"
#include "tests/fuzz/targets.hpp"

namespace prun::fuzz {
namespace {

enum class Colour : std::uint8_t { red, green };

// What a program may send: members of every sort, and itself.
struct Node {
  std::string name;
  std::vector<std::uint32_t> numbers;
  std::optional<double> weight;
  std::variant<std::int32_t, std::string, bool> choice;
  std::map<std::string, std::vector<std::string>> table;
  Colour colour = Colour::red;
  bool last = false;
  std::unique_ptr<Node> next;
  std::shared_ptr<std::vector<bool>> shared;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(name, numbers, weight, choice, table, colour, last, next, shared);
  }
};

struct Nothing {};

template <class T>
void unpack(Bytes bytes) {
  const std::vector<std::byte> packed(bytes.begin(), bytes.end());
  std::optional<T> value;
  try {
    value.emplace(detail::Packer<T>::unpack(packed));
  } catch (const Error& error) {
    require(error.code() == Errc::bad_data, "what cannot be read is bad data");
    return;
  }
  const auto again = detail::Packer<T>::pack(*value);
  require(detail::Packer<T>::pack(detail::Packer<T>::unpack(again)) == again,
          "what was read is written and read the same");
}

}  // namespace

void serialized(Bytes bytes) {
  Input input(bytes);
  switch (input.up_to(7)) {
    case 0:
      return unpack<std::vector<std::string>>(input.rest());
    case 1:
      return unpack<Node>(input.rest());
    case 2:
      return unpack<std::vector<std::vector<double>>>(input.rest());
    case 3:
      return unpack<std::vector<bool>>(input.rest());
    case 4:
      return unpack<std::tuple<std::set<std::int16_t>, std::u32string>>(input.rest());
    case 5:
      return unpack<std::vector<std::vector<Nothing>>>(input.rest());
    case 6:
      return unpack<std::vector<std::unique_ptr<Node>>>(input.rest());
    default:
      return unpack<std::vector<std::pair<std::uint8_t, std::array<std::string, 50>>>>(
          input.rest());
  }
}

}  // namespace prun::fuzz
