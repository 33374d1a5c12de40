// Carries out a collective by its plan.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "triad/core/comm/collective.h"
#include "triad/core/comm/plan.h"
#include "triad/core/comm/transport.h"

namespace triad::comm {

class Executor {
 public:
  explicit Executor(Transport& transport) : transport_(transport) {}

  /// Returns when this rank's part is done. What Transport::Transfer::wait() throws.
  void run(const Collective& collective);

 private:
  /// The buffers of a plan, and how elements of them are reduced.
  struct Buffers {
    const std::byte* read;
    std::byte* written;
    DType dtype;
    Reduction reduction;
  };

  void run_plan(const Plan& plan, const Buffers& buffers, Deadline deadline);
  void replace(const Exchange& exchange, const Buffers& buffers, Deadline deadline);
  void reduce(const Exchange& exchange, const Buffers& buffers, Deadline deadline);
  void run_on_bf16_wire(const Collective& collective, Deadline deadline);

  std::vector<std::unique_ptr<Transport::Transfer>> send_all(const Exchange& exchange, const Buffers& buffers);

  Transport& transport_;
  // What messages may still point to after an error lives as long as this.
  std::vector<std::byte> scratch_;
  Tensor sent_, received_;
};

}  // namespace triad::comm
