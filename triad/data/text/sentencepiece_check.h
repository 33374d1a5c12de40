// Whether a SentencePiece model is whole.
#pragma once

#include <string_view>

namespace triad::data {

/// The library trusts a model that parses. It takes one that was cut off between two of its parts for a smaller one, and
/// follows the tables of its normaliser out of bounds where they lead there. ValueError for such models.
void check_sentencepiece_model(std::string_view model);

}  // namespace triad::data
