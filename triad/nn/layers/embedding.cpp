#include "triad/nn/layers/embedding.h"

#include "triad/ops/index/index_select.h"

namespace triad::nn {

Tensor Embedding::forward(const Tensor& ids, DType dtype) const { return ops::embedding(weight.as(dtype), ids); }

}  // namespace triad::nn
