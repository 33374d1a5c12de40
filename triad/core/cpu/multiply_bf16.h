// Products of small matrices of bf16 that lie in cache, by the dot products of pairs that some processors have: twice the
// arithmetic of multiply-inl.h. Elements that are multiplied and added come in pairs: two neighbours along the inner axis,
// the first in the lower half of a 32-bit word.
#pragma once

#include <cstdint>

namespace triad::cpu {

/// Whether this processor has such an instruction (AVX512_BF16).
bool has_bf16_pairs();

/// C[m, n] = A[m, 2k] B[2k, n], or C += A B, in f32. A word of `a` at row*a_row + pair*a_column is a pair of a row, one of
/// `b` at pair*b_row + column a pair of a column. n is a multiple of 16; rows of B and C are dense. Subnormal inputs count
/// as 0. Only where has_bf16_pairs(), a DeviceError elsewhere than on x86.
void multiply_bf16(const uint32_t* a, int64_t a_row, int64_t a_column, const uint32_t* b, int64_t b_row, float* c,
                   int64_t c_row, int64_t m, int64_t k, int64_t n, bool accumulate);

}  // namespace triad::cpu
