// Pictures found for sentences, written and spoken.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "triad/data/image/image.h"
#include "triad/train/evaluate/evaluate.h"
#include "triad/train/stages/features.h"

namespace triad::train {

struct FoundPicture {
  data::Image picture;
  std::string sentence;  ///< of its sample; may be empty
  bool right = false;
  int64_t rank = 0;  ///< from 1 on
};

/// A query and the pictures that come first for it.
struct RetrievalExample {
  std::string sentence;             ///< asked, or spoken; may be empty
  std::string sound;                ///< WAV file of a spoken query; empty for a written one
  std::vector<FoundPicture> found;  ///< best first; behind them the best right one if it is not among them
  int64_t rank = 0;                 ///< of the best right picture, from 1 on; 0 if there is no right one
  int64_t candidates = 0;
};

/// Some written and then some spoken queries of what was evaluated, evenly spread over the split and picked by nothing
/// else. None without pictures.
std::vector<RetrievalExample> retrieval_examples(const TrainingData& data, const Evaluation& evaluation);

/// The examples as a section; empty for none.
std::string retrieval_section(const std::vector<RetrievalExample>& examples);

}  // namespace triad::train
