#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

// What the headers of programs say.
namespace prun::system {

struct Elf {
  unsigned char width;  // ELFCLASS32, ELFCLASS64
  unsigned char order;  // ELFDATA2LSB, ELFDATA2MSB
  std::uint16_t machine;

  bool operator==(const Elf&) const = default;
};

// The kind of an ELF file; nothing for any other file.
std::optional<Elf> read_elf(const std::string& path);

// "ARM 64-bit (aarch64)"
std::string describe(const Elf& elf);

// As --map calls it; empty for those that it does not know.
std::string_view architecture_of(const Elf& elf);

// What a file was built for, in the words of describe(); empty if it is no ELF file.
std::string elf_target(const std::string& path);

// The loader an ELF program asks for; empty for any that needs none.
std::string elf_loader(const std::string& path);

}  // namespace prun::system
