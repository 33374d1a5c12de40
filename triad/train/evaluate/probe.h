#pragma once

#include <cstdint>
#include <vector>

#include "triad/core/tensor/tensor.h"

namespace triad::train {

/// Accuracy of a linear classifier on frozen features: standardised by the training features, multinomial logistic
/// regression with a little weight decay, full-batch AdamW with a cosine, deterministic.
/// features: f32 [N, D]; labels: N classes from 0 on. Memory: two more copies of the training features.
double linear_probe(const Tensor& train_features, const std::vector<int64_t>& train_labels, const Tensor& test_features,
                    const std::vector<int64_t>& test_labels);

/// Accuracy of the majority among the `k` training features with the largest cosine; ties go to the nearer ones.
double nearest_neighbours(const Tensor& train_features, const std::vector<int64_t>& train_labels,
                          const Tensor& test_features, const std::vector<int64_t>& test_labels, int64_t k = 20);

}  // namespace triad::train
