// The cases of the shared data set that our ops do not compute, by operator.
#pragma once

#include <cstddef>
#include <map>
#include <string>

namespace triad::onnx {

inline constexpr size_t kCases = 945;  ///< of the data set that these are the numbers of
inline const std::map<std::string, size_t> kLeftOut = {
    {"Add", 5},
    {"AffineGrid", 3},
    {"Bernoulli", 2},
    {"BitCast", 7},
    {"BitShift", 8},
    {"BitwiseAnd", 3},
    {"BitwiseNot", 2},
    {"BitwiseOr", 3},
    {"BitwiseXor", 3},
    {"Clip", 3},
    {"Col2Im", 4},
    {"Compress", 2},
    {"ConvInteger", 2},
    {"ConvTranspose", 5},
    {"DFT", 8},
    {"DeformConv", 3},
    {"DequantizeLinear", 3},
    {"Div", 3},
    {"Dropout", 3},
    {"DynamicQuantizeLinear", 3},
    {"Equal", 4},
    {"Greater", 4},
    {"GreaterOrEqual", 5},
    {"GridSample", 16},
    {"ImageDecoder", 7},
    {"LSTM", 1},
    {"Less", 4},
    {"LessOrEqual", 5},
    {"LinearAttention", 8},
    {"Max", 3},
    {"MaxPool", 2},
    {"MaxUnpool", 2},
    {"MelWeightMatrix", 1},
    {"Min", 4},
    {"Mod", 4},
    {"Mul", 5},
    {"NonMaxSuppression", 9},
    {"NonZero", 1},
    {"OptionalHasElement", 4},
    {"QLinearConv", 1},
    {"QLinearMatMul", 5},
    {"QuantizeLinear", 6},
    {"Resize", 33},
    {"RoiAlign", 1},
    {"STFT", 2},
    {"ScatterElements", 3},
    {"ScatterND", 3},
    {"Sub", 3},
    {"TensorScatter", 2},
    {"TfIdfVectorizer", 5},
    {"TopK", 1},
    {"Unique", 6},
    {"Upsample", 1},
};

}  // namespace triad::onnx
