#pragma once

#include <cstddef>
#include <string>
#include <vector>

// Files and folders by system calls alone: the streams and paths of the C++ library would make up half
// of the program that is sent to every host.
namespace prun::system {

// Whether nobody but this user and the system decides what a path through this folder leads to: none
// of the folders on the way, links followed, is another's, and one that others may write to is the
// system's and sticky.
bool is_guarded(const std::string& folder);

// The first bytes of a file, `most` at most; less where it ends or cannot be read.
std::string read_file(const std::string& path, std::size_t most = std::size_t{1} << 20);

// The names of what is in a folder, without "." and ".."; none where it cannot be read.
std::vector<std::string> names_in(const std::string& folder);

// Everything before the last slash, and everything behind it.
std::string folder_of(const std::string& path);
std::string name_of(const std::string& path);

// A folder that only this user can look into, made with those above it where it is not there. False
// where there is anything else: a link, somebody else's, or one that is open to others.
bool make_private_folder(const std::string& folder);

// 0 or errno. The copy has the mode of the original and is new.
int copy_file(const std::string& from, const std::string& to);

// Removes a folder with the files in it; one that holds folders stays, with those.
void remove_with_files(const std::string& folder);

}  // namespace prun::system
