#pragma once

#include <cstdint>

namespace triad::ops {

/// y = f(x) for a dense f32 row, where `function` is a position in scalar::Unary that has a vector form (exp, tanh, erf,
/// sigmoid, softplus); false, with nothing done, for the others.
bool unary_row(int function, const float* x, int64_t n, float* y);

}  // namespace triad::ops
