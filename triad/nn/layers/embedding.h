#pragma once

#include "triad/nn/module.h"

namespace triad::nn {

/// A table of vectors, looked up by id.
class Embedding : public Module {
 public:
  /// `table`: [rows, width], already initialised.
  explicit Embedding(Tensor table) : weight(std::move(table)) {}

  void visit(const Visitor& visitor) override { visitor("weight", weight); }
  /// ids: i32 or i64 [...] → [..., width] in `dtype`. ValueError naming the first id outside of the table.
  Tensor forward(const Tensor& ids, DType dtype) const;

  Parameter weight;
};

}  // namespace triad::nn
