#include <prun/datatype.hpp>

namespace prun {

std::string to_string(const Datatype& type) {
  const std::string bits = std::to_string(type.size * 8);
  switch (type.kind) {
    case Kind::bytes:
      return "byte";
    case Kind::boolean:
      return "bool";
    case Kind::character:
      return type.size == 1 ? "char" : "char" + bits;
    case Kind::signed_integer:
      return "int" + bits;
    case Kind::unsigned_integer:
      return "uint" + bits;
    case Kind::floating:
      return type.size == 4 ? "float" : type.size == 8 ? "double" : "float" + bits;
    case Kind::complex:
      return type.size == 8 ? "complex float" : "complex double";
    case Kind::record:
      return "record of " + std::to_string(type.size) + " bytes";
    case Kind::serialized:
      return "byte of a serialized value";
  }
  return "unknown type";
}

}  // namespace prun
