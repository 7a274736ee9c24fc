#include "launcher/system/elf.hpp"

#include <elf.h>

#include "launcher/system/files.hpp"

namespace prun::system {
namespace {

// The loader an ELF program asks for (PT_INTERP), for messages only.
std::string loader_of(const std::string& path) {
  const std::string head = read_file(path, 4096);
  const std::size_t at = head.find("/ld", 1);
  const std::size_t start = at == std::string::npos ? at : head.rfind('\0', at);
  if (start == std::string::npos) return {};
  return head.c_str() + start + 1;
}

}  // namespace

std::optional<Elf> read_elf(const std::string& path) {
  const std::string head = read_file(path, 20);
  if (head.size() < 20 || head.compare(0, SELFMAG, ELFMAG) != 0) return std::nullopt;
  const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(head[at]); };
  const bool big = byte(EI_DATA) == ELFDATA2MSB;
  const unsigned machine = big ? byte(18) * 256U + byte(19) : byte(19) * 256U + byte(18);
  return Elf{byte(EI_CLASS), byte(EI_DATA), static_cast<std::uint16_t>(machine)};
}

std::string describe(const Elf& elf) {
  switch (elf.machine) {
    case EM_ARM:
      return "ARM 32-bit (armv6, armv7)";
    case EM_AARCH64:
      return "ARM 64-bit (aarch64)";
    case EM_X86_64:
      return elf.width == ELFCLASS32 ? "x32" : "x86-64";
    case EM_386:
      return "x86 32-bit (i386)";
    case EM_RISCV:
      return elf.width == ELFCLASS32 ? "RISC-V 32-bit" : "RISC-V 64-bit";
    case EM_PPC64:
      return "PowerPC 64-bit";
    case EM_MIPS:
      return "MIPS";
    default:
      return "processor type " + std::to_string(elf.machine);
  }
}

std::string_view architecture_of(const Elf& elf) {
  switch (elf.machine) {
    case EM_ARM:
      return "armhf";
    case EM_AARCH64:
      return "aarch64";
    case EM_X86_64:
      return "x86_64";
    case EM_386:
      return "i686";
    case EM_RISCV:
      return "riscv64";
    default:
      return {};
  }
}

std::string elf_target(const std::string& path) {
  const auto elf = read_elf(path);
  return elf ? describe(*elf) : std::string();
}

std::string elf_loader(const std::string& path) {
  return read_elf(path) ? loader_of(path) : std::string();
}

}  // namespace prun::system
