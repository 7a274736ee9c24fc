#include <prun/serialize.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cereal/types/array.hpp>
#include <cereal/types/map.hpp>
#include <cereal/types/memory.hpp>
#include <cereal/types/optional.hpp>
#include <cereal/types/polymorphic.hpp>
#include <cereal/types/string.hpp>
#include <cereal/types/vector.hpp>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "runtime/wire/codec.hpp"

struct Shape {
  virtual ~Shape() = default;
  virtual std::int32_t corners() const = 0;
  template <class Archive>
  void serialize(Archive&) {}
};
struct Polygon : Shape {
  std::int32_t count = 0;
  std::int32_t corners() const override { return count; }
  template <class Archive>
  void serialize(Archive& archive) {
    archive(cereal::base_class<Shape>(this), count);
  }
};
CEREAL_REGISTER_TYPE(Polygon)

namespace prun::detail {
namespace {

using Bytes = std::vector<std::byte>;
using testing::HasSubstr;

struct Nothing {};

struct Chain {
  std::unique_ptr<Chain> next;
  Chain() = default;
  Chain(Chain&&) = default;
  Chain& operator=(Chain&&) = default;
  template <class Archive>
  void serialize(Archive& archive) {
    archive(next);
  }
  // Without recursion, which is not what is tested.
  ~Chain() {
    while (next) next = std::exchange(next->next, nullptr);
  }
};

struct Everything {
  std::map<std::string, std::vector<double>> table;
  std::optional<std::int16_t> maybe;
  std::vector<bool> bits;
  std::array<bool, 3> flags{};
  std::vector<Nothing> nothings;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(table, maybe, bits, flags, nothings);
  }
};

template <class T>
std::string refusal(const Bytes& packed) {
  try {
    Packer<T>::unpack(packed);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Errc::bad_data);
    return error.what();
  }
  return "none";
}

// A value in its bytes, of which some are others.
template <class T>
Bytes changed(const T& value, std::size_t at, std::uint64_t number) {
  Bytes packed = Packer<T>::pack(value);
  wire::store_little(packed.data() + at, number);
  return packed;
}

TEST(Serialize, WhatIsPackedUnpacksTheSame) {
  Everything value;
  value.table = {{"a", {1, 2}}, {"", {}}};
  value.maybe = -3;
  value.bits = {true, false};
  value.flags = {false, true, false};
  value.nothings.resize(100);
  const Everything back = Packer<Everything>::unpack(Packer<Everything>::pack(value));
  EXPECT_EQ(back.table, value.table);
  EXPECT_EQ(back.maybe, value.maybe);
  EXPECT_EQ(back.bits, value.bits);
  EXPECT_EQ(back.flags, value.flags);
  EXPECT_EQ(back.nothings.size(), 100u);
}

TEST(Serialize, PointersToBaseClassesUnpackAsWhatTheyAre) {
  using Pointer = std::unique_ptr<Shape>;
  auto polygon = std::make_unique<Polygon>();
  polygon->count = 5;
  const Bytes packed = Packer<Pointer>::pack(Pointer(std::move(polygon)));
  EXPECT_EQ(Packer<Pointer>::unpack(packed)->corners(), 5);
}

// The length stands behind the byte that tells the order of bytes.
TEST(Serialize, LengthsBeyondTheBytesTakeNoMemory) {
  for (const std::uint64_t lie : {std::uint64_t{5000}, std::uint64_t{1} << 33, ~std::uint64_t{0}}) {
    const std::string text = std::to_string(lie);
    EXPECT_THAT(refusal<std::vector<double>>(changed(std::vector<double>{1}, 1, lie)),
                HasSubstr("a length of " + text));
    using Words = std::vector<std::string>;
    EXPECT_THAT(refusal<Words>(changed(Words{"word"}, 1, lie)), HasSubstr("a length of " + text));
    EXPECT_THAT(refusal<std::vector<bool>>(changed(std::vector<bool>{true}, 1, lie)),
                HasSubstr("a length of " + text));
  }
  EXPECT_THAT(refusal<std::vector<double>>(changed(std::vector<double>{1}, 1, 2)),
              HasSubstr("end too early"));
}

// Each inner vector alone could be true; all together they are not.
TEST(Serialize, LengthsThatOnlyTogetherAreTooMuch) {
  using Lists = std::vector<std::vector<Nothing>>;
  const Bytes honest = Packer<Lists>::pack(Lists(1000));
  Bytes packed = honest;
  for (std::size_t i = 1; i <= 1000; ++i)
    wire::store_little(packed.data() + 1 + 8 * i, std::uint64_t{4000});
  EXPECT_EQ(refusal<Lists>(honest), "none");
  EXPECT_THAT(refusal<Lists>(packed), HasSubstr("a length of 4000"));
}

TEST(Serialize, BooleansAreOnlyTrueOrFalse) {
  Bytes packed = Packer<std::vector<bool>>::pack({true});
  packed.back() = std::byte{2};
  EXPECT_THAT(refusal<std::vector<bool>>(packed), HasSubstr("a boolean"));
  Everything value;
  packed = Packer<Everything>::pack(value);
  packed[packed.size() - 9] = std::byte{2};  // the last of the flags
  EXPECT_THAT(refusal<Everything>(packed), HasSubstr("a boolean"));
}

TEST(Serialize, ValuesTooDeepWithinValuesEndBeforeTheStack) {
  Bytes packed{std::byte{1}};
  packed.resize(10'000'000, std::byte{1});
  EXPECT_THAT(refusal<Chain>(packed), HasSubstr("too deep"));
}

TEST(Serialize, AnotherOrderOfBytesIsRefused) {
  Bytes packed = Packer<std::vector<double>>::pack({1});
  packed[0] = std::byte{0};
  EXPECT_THAT(refusal<std::vector<double>>(packed), HasSubstr("not of prun"));
  EXPECT_THAT(refusal<std::vector<double>>({}), HasSubstr("end too early"));
}

}  // namespace
}  // namespace prun::detail
