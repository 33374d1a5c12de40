// Finds out before any value moves that ranks call different things. Without it, MPI returns sums that are wrong and calls
// them a success.
#pragma once

#include <cstdint>
#include <limits>

#include "triad/core/comm/communicator.h"

namespace triad::comm {

/// Before each collective, ranks compare what they are about to do: which call it is, what kind, dtype, reduction, number of
/// elements, counts, root, name and place in the source. Where two differ, every rank throws the same MismatchError, which
/// says who calls what; tensors are as they were. Costs an exchange of some hundred bytes a call, for which the caller waits.
class Checked : public Communicator {
 public:
  /// Compares the first `most` calls; later ones pass unlooked at. `inner` must outlive it.
  explicit Checked(Communicator& inner, int64_t most = std::numeric_limits<int64_t>::max());

  Work start(const Collective& collective) override;
  void abort(const std::string& reason) override { inner_.abort(reason); }

 private:
  /// What a rank sends in an all_to_all has to be what the other one expects.
  void check_deliveries(const Collective& collective);

  Communicator& inner_;
  int64_t most_, calls_ = 0;
};

}  // namespace triad::comm
