#pragma once

#include <string>
#include <string_view>
#include <vector>

// The keys of the user's own, which hosts may come to know.
namespace prun::keys {

// The files of private keys in what `ssh -G HOST` prints, in its order, with ~ as `home`.
std::vector<std::string> identity_files(std::string_view configuration, const std::string& home);

// The first of them that is there with its public part; empty: none.
std::string first_complete(const std::vector<std::string>& files);

}  // namespace prun::keys
