// Matrix products by oneDNN's blocked kernels ("brgemm"). Its other kernels cut the inner axis differently on other team
// sizes and are never used.
#pragma once

#include "triad/core/cpu/gemm.h"

namespace triad::cpu {

/// As gemm(), for nonempty products of f32 and bf16. False, with nothing done, where this processor or this oneDNN has no
/// kernel for it.
bool gemm_onednn(const Gemm& g);

}  // namespace triad::cpu
