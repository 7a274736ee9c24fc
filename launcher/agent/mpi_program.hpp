#pragma once

#include <string>

namespace prun::agent {

// The MPI library that an ELF program names, such as "libmpich.so.12"; empty for any other file.
// Such a program runs, but finds no mpiexec around it: each of its ranks believes to be alone.
std::string mpi_library_of(const std::string& path);

// What the user is told of it.
std::string mpi_note(const std::string& typed, const std::string& library);

}  // namespace prun::agent
