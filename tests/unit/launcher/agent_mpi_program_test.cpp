#include "launcher/agent/mpi_program.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

namespace prun::agent {
namespace {

class MpiProgram : public ::testing::Test {
 protected:
  MpiProgram() {
    std::string name = (std::filesystem::temp_directory_path() / "prun-mpi-XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
  }
  ~MpiProgram() override { std::filesystem::remove_all(folder_); }

  // Of a file that begins as ELF files do and has a table with these names, a zero behind each.
  std::string library_in(const std::string& names, const std::string& magic =
                                                       "\x7f"
                                                       "ELF") const {
    const auto path = folder_ / "program";
    std::ofstream(path, std::ios::binary)
        << magic << std::string(5000, '\1') << '\0' << names << '\0' << "libc.so.6" << '\0';
    return mpi_library_of(path.string());
  }

  std::filesystem::path folder_;
};

TEST_F(MpiProgram, IsKnownByItsLibrary) {
  for (const std::string name :
       {"libmpich.so.12", "libmpi.so.40", "libmpi.so.12", "libmpifort.so.12", "libmpi_mpifh.so.40"})
    EXPECT_EQ(library_in(name), name);
  EXPECT_EQ(library_in(std::string("libmpir.so.23\0libmpi_cxx.so.40\0libmpi.so.40", 43)),
            "libmpi.so.40");
}

TEST_F(MpiProgram, IsNoOther) {
  for (const std::string name : {"libmpir.so.23", "libmpi", "libmpi.a", "mylibmpi.so.40",
                                 "uses libmpi.so.40", "libm.so.6", ""})
    EXPECT_EQ(library_in(name), "") << name;
  EXPECT_EQ(library_in("libmpi.so.40", "#!/bin/sh\n"), "");
  EXPECT_EQ(mpi_library_of("/bin/true"), "");
  EXPECT_EQ(mpi_library_of((folder_ / "missing").string()), "");
}

}  // namespace
}  // namespace prun::agent
