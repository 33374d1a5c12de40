// What a sample is for: to train on, to choose settings by, or to be measured with.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace triad::data {

enum class Part : uint8_t { kTraining, kValidation, kTest };
inline constexpr int kParts = 3;
/// "train", "validation", "test": the split that holds the samples of a part.
std::string name_of(Part part);

/// A number drawn from seed and name, and nothing else, that decides which part the thing of that name is in.
uint64_t draw_lot(uint64_t seed, std::string_view name, uint32_t number = 0);

/// The part of each lot: the lowest `share` of them for validation, as many after them for test, at least one each; the
/// others, or all where `share` is 0, for training. Equal lots stay together. IoError saying that `source` has too few
/// of `things` ("chapters") if a part is left without any.
std::vector<Part> draw_parts(const std::vector<uint64_t>& lots, double share, std::string_view source,
                             std::string_view things);

}  // namespace triad::data
