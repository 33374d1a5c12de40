// Learning a vocabulary by merging pairs. Counts of pairs are kept up to date: a merge visits only the words that hold
// its pair. A heap holds (count, pair) as of some time; an entry whose count is out of date is put back corrected.

#include <algorithm>
#include <map>
#include <queue>
#include <set>

#include "triad/core/base/error.h"
#include "triad/data/text/wordpiece.h"
#include "triad/data/text/words.h"

namespace triad::data {
namespace {

using Piece = int32_t;
using Pair = std::pair<Piece, Piece>;

struct Word {
  std::vector<Piece> pieces;
  int64_t count;
};

struct Candidate {
  int64_t count;
  Pair pair;
  /// The largest count first; among equals the pair of pieces that came first.
  bool operator<(const Candidate& other) const {
    return count != other.count ? count < other.count : pair > other.pair;
  }
};

class Trainer {
 public:
  Trainer(const std::vector<std::string>& texts, const WordPieceTraining& options) : options_(options) {
    std::map<std::string, int64_t> words;
    for (const std::string& text : texts) {
      for_each_word(text, options.lowercase, [&](std::string_view word) { ++words[std::string(word)]; });
    }
    require<ValueError>(!words.empty(), "train_wordpiece", "the text has no words");
    add_characters(words);
    for (size_t w = 0; w < words_.size(); ++w) {
      for (size_t i = 0; i + 1 < words_[w].pieces.size(); ++i)
        count({words_[w].pieces[i], words_[w].pieces[i + 1]}, w, words_[w].count);
    }
    for (const auto& [pair, known] : pairs_) heap_.push({known.count, pair});
  }

  std::vector<std::string> run() {
    while (std::ssize(pieces_) < options_.vocabulary_size && !heap_.empty()) {
      const Candidate best = heap_.top();
      heap_.pop();
      const int64_t now = pairs_[best.pair].count;
      if (now != best.count) {
        if (now > 0) heap_.push({now, best.pair});
        continue;
      }
      if (now < options_.least_count) break;
      merge(best.pair);
    }
    return pieces_;
  }

 private:
  struct Known {
    int64_t count = 0;
    std::set<size_t> words;
  };

  static std::vector<std::string> characters_of(const std::string& word) {
    std::vector<std::string> characters;
    for (const char byte : word) {
      const bool continues = (static_cast<unsigned char>(byte) & 0xC0) == 0x80;
      if (!continues) characters.emplace_back(characters.empty() ? "" : "##");
      characters.back() += byte;
    }
    return characters;
  }

  /// Special tokens and characters become pieces; words whose characters all have room become sequences of them.
  void add_characters(const std::map<std::string, int64_t>& words) {
    for (const char* special : {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"}) add_piece(special);
    std::map<std::string, int64_t> counts;
    for (const auto& [word, n] : words) {
      for (const std::string& character : characters_of(word)) counts[character] += n;
    }
    std::vector<std::pair<int64_t, std::string>> by_count;
    for (const auto& [character, n] : counts) by_count.emplace_back(-n, character);
    std::sort(by_count.begin(), by_count.end());
    const int64_t room = options_.vocabulary_size - std::ssize(pieces_);
    require<ValueError>(room > 0, "train_wordpiece", "a vocabulary of ", options_.vocabulary_size,
                        " has no room beside the special tokens");
    if (std::ssize(by_count) > room) by_count.resize(static_cast<size_t>(room));
    std::set<std::string> alphabet;
    for (const auto& [n, character] : by_count) alphabet.insert(character);
    for (const std::string& character : alphabet) add_piece(character);
    for (const auto& [word, n] : words) {
      Word pieces{{}, n};
      for (const std::string& character : characters_of(word)) {
        const auto at = ids_.find(character);
        if (at == ids_.end()) {
          pieces.pieces.clear();
          break;
        }
        pieces.pieces.push_back(at->second);
      }
      if (pieces.pieces.size() > 1) words_.push_back(std::move(pieces));
    }
  }

  Piece add_piece(const std::string& text) {
    const auto [at, is_new] = ids_.emplace(text, static_cast<Piece>(pieces_.size()));
    if (is_new) pieces_.push_back(text);
    return at->second;
  }

  void count(Pair pair, size_t word, int64_t by) {
    Known& known = pairs_[pair];
    known.count += by;
    known.words.insert(word);
  }

  void merge(Pair pair) {
    const std::string& second = pieces_[static_cast<size_t>(pair.second)];
    const Piece merged = add_piece(pieces_[static_cast<size_t>(pair.first)] + second.substr(2));
    std::set<Pair> changed;
    const std::set<size_t> words = std::move(pairs_[pair].words);
    for (const size_t w : words) {
      Word& word = words_[w];
      const auto each_pair = [&](int64_t by) {
        for (size_t i = 0; i + 1 < word.pieces.size(); ++i) {
          const Pair neighbours{word.pieces[i], word.pieces[i + 1]};
          count(neighbours, w, by);
          if (by > 0) changed.insert(neighbours);
        }
      };
      each_pair(-word.count);
      std::vector<Piece> after;
      for (size_t i = 0; i < word.pieces.size(); ++i) {
        const bool here =
            i + 1 < word.pieces.size() && word.pieces[i] == pair.first && word.pieces[i + 1] == pair.second;
        after.push_back(here ? merged : word.pieces[i]);
        i += here;
      }
      word.pieces = std::move(after);
      each_pair(word.count);
    }
    pairs_.erase(pair);
    for (const Pair& p : changed) {
      if (p != pair) heap_.push({pairs_[p].count, p});
    }
  }

  const WordPieceTraining& options_;
  std::vector<std::string> pieces_;
  std::map<std::string, Piece> ids_;
  std::vector<Word> words_;
  std::map<Pair, Known> pairs_;
  std::priority_queue<Candidate> heap_;
};

}  // namespace

WordPiece train_wordpiece(const std::vector<std::string>& texts, const WordPieceTraining& options) {
  return WordPiece(Trainer(texts, options).run(), options.lowercase);
}

}  // namespace triad::data
