#include "launcher/agent/mpi_program.hpp"

#include <elf.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "launcher/system/files.hpp"

namespace prun::agent {
namespace {

// The names of needed libraries stand in one table, zeros between them, behind little else. Looking
// for the name is enough for a note: who has it for another reason works with MPI, too.
constexpr std::size_t searched_bytes = 1u << 20;

// What programs of MPICH (and of its kin), of Open MPI, and in Fortran are linked with.
constexpr std::array<std::string_view, 5> mpi_libraries = {"libmpi", "libmpich", "libmpifort",
                                                           "libmpichfort", "libmpi_mpifh"};

bool is_mpi_library(std::string_view name) {
  const std::size_t suffix = name.find(".so.");
  return suffix != std::string_view::npos &&
         std::find(mpi_libraries.begin(), mpi_libraries.end(), name.substr(0, suffix)) !=
             mpi_libraries.end();
}

}  // namespace

std::string mpi_library_of(const std::string& path) {
  const std::string bytes = system::read_file(path, searched_bytes);
  if (!bytes.starts_with(ELFMAG)) return {};
  constexpr std::string_view begin_of_name("\0libmpi", 7);
  for (std::size_t at = bytes.find(begin_of_name); at != std::string::npos;
       at = bytes.find(begin_of_name, at + 1)) {
    std::string name = bytes.c_str() + at + 1;
    if (is_mpi_library(name)) return name;
  }
  return {};
}

std::string mpi_note(const std::string& typed, const std::string& library) {
  return typed + " is an MPI program (" + library +
         "): its ranks do not find each other under prun, each is rank 0 of 1; start it with "
         "mpiexec, or write it for prun (README, Coming from MPI)";
}

}  // namespace prun::agent
