// A collective as data: what a Communicator is asked to do, on all ranks alike.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <ostream>
#include <source_location>
#include <string>
#include <vector>

#include "triad/core/base/error.h"
#include "triad/core/tensor/tensor.h"

namespace triad::comm {

/// A collective that cannot be finished: a rank is lost, or the communicator was given up. The text names both.
class CommError : public Error {
  using Error::Error;
};
/// A rank did not take part in time. The text names it.
class TimeoutError : public CommError {
  using CommError::CommError;
};
/// Ranks called different things. The text says which rank called what, and from where.
class MismatchError : public CommError {
  using CommError::CommError;
};

enum class CollectiveKind : uint8_t { all_reduce, reduce_scatter, all_gather, broadcast, all_to_all, barrier };
enum class Reduction : uint8_t { sum, min, max };

std::string_view name_of(CollectiveKind kind);
std::string_view name_of(Reduction reduction);

struct Collective {
  CollectiveKind kind = CollectiveKind::barrier;
  Reduction reduction = Reduction::sum;
  /// all_to_all reads `in` and writes `out`; the others work in place, on `out`; a barrier has neither.
  Tensor in, out;
  /// Of `out`, taken by the thread that asks: taking it counts as a write in the tensor's version.
  void* written = nullptr;
  /// Elements of a rank's part: of `out` for reduce_scatter and all_gather, sent to and received from it for all_to_all.
  std::vector<int64_t> in_counts, out_counts;
  int root = 0;             ///< of a broadcast
  DType wire = DType::f32;  ///< what travels: the dtype of `out`, or bf16 for sums of f32
  std::string name;         ///< for messages
  std::chrono::milliseconds timeout{};
  std::source_location where;
};

/// The collective with the address of `out` in it.
Collective with_memory(Collective collective);

/// "all_reduce 'gradients 3' of f32 [1024] (reducer.cpp:210)".
std::ostream& operator<<(std::ostream& out, const Collective& collective);

/// FILE:LINE without the folders.
std::string brief(const std::source_location& where);

}  // namespace triad::comm
