#include "bench/text.hpp"

#include <array>
#include <cmath>
#include <string>
#include <string_view>
#include <vector>

#include "bench/mixed.hpp"

namespace prun::bench {

namespace {

constexpr std::size_t vocabulary_size = 4096;
constexpr std::size_t companions = 6;
constexpr std::uint64_t percent_in_company = 35;

// Numbers that look random and follow from the seed.
class Numbers {
 public:
  explicit Numbers(std::uint64_t seed) : seed_(seed) {}
  std::uint64_t below(std::uint64_t limit) { return mixed(seed_, count_++) % limit; }
  double fraction() { return static_cast<double>(mixed(seed_, count_++) >> 11) * 0x1p-53; }

 private:
  std::uint64_t seed_;
  std::uint64_t count_ = 0;
};

// Frequent words are short.
std::vector<std::string> make_vocabulary() {
  static constexpr std::array<std::string_view, 20> heads{"b",  "c",  "d", "f",  "g",  "h", "l",
                                                          "m",  "n",  "p", "r",  "s",  "t", "th",
                                                          "st", "pr", "w", "sh", "tr", ""};
  static constexpr std::array<std::string_view, 12> middles{"a",  "e", "i", "o",  "u",  "ea",
                                                            "ou", "e", "a", "io", "ee", "o"};
  static constexpr std::array<std::string_view, 12> tails{"",  "n", "r",  "s",  "t",  "nd",
                                                          "l", "",  "ng", "st", "ck", ""};
  Numbers numbers(1);
  std::vector<std::string> words;
  for (std::size_t rank = 0; rank < vocabulary_size; ++rank) {
    const std::size_t syllables =
        1 + (rank > 30) * numbers.below(2) + (rank > 300) + (rank > 900) * numbers.below(2);
    std::string word;
    for (std::size_t i = 0; i < syllables; ++i) {
      word += heads[numbers.below(heads.size())];
      word += middles[numbers.below(middles.size())];
      word += tails[numbers.below(tails.size())];
    }
    words.push_back(word);
  }
  return words;
}

// A word by its rank, each about as often as one divided by that.
std::size_t some_word(Numbers& numbers) {
  return static_cast<std::size_t>(
             std::pow(static_cast<double>(vocabulary_size), numbers.fraction())) -
         1;
}

std::string_view word_text(std::size_t rank) {
  static const std::vector<std::string> vocabulary = make_vocabulary();
  return vocabulary[rank];
}

}  // namespace

void fill_text(std::span<std::byte> data, std::uint64_t seed) {
  Numbers numbers(seed + 1000);
  std::size_t at = 0;
  const auto put = [&](std::string_view text) {
    for (std::size_t i = 0; i < text.size() && at < data.size(); ++i)
      data[at++] = static_cast<std::byte>(text[i]);
  };
  std::size_t word = 0;
  std::uint64_t left_of_sentence = 0;
  std::uint64_t left_of_paragraph = 5;
  while (at < data.size()) {
    if (left_of_sentence == 0) left_of_sentence = 4 + numbers.below(20);
    if (numbers.below(100) < percent_in_company) {
      Numbers company(word * companions + numbers.below(companions) + 77);
      word = some_word(company);
    } else {
      word = some_word(numbers);
    }
    put(word_text(word));
    if (--left_of_sentence > 0) {
      put(numbers.below(12) == 0 ? ", " : " ");
    } else if (--left_of_paragraph > 0) {
      put(". ");
    } else {
      put(".\n\n");
      left_of_paragraph = 3 + numbers.below(6);
    }
  }
}

}  // namespace prun::bench
