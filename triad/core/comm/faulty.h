// Does wrong on purpose, for tests of what happens then.
#pragma once

#include <chrono>
#include <cstdint>
#include <vector>

#include "triad/core/comm/communicator.h"

namespace triad::comm {

struct Fault {
  enum class Kind : uint8_t {
    late,         ///< comes late by `delay`
    skipped,      ///< does not take part, and says it did
    halved,       ///< an all_reduce of half of the elements
    other_dtype,  ///< an all_reduce of f32 as of i32
    other_order,  ///< comes after the call that follows it; wait() for neither in between
    throws,       ///< CommError
  };
  Kind kind = Kind::late;
  int64_t call = 0;  ///< which one, from 0
  std::chrono::milliseconds delay{};
};

class Faulty : public Communicator {
 public:
  /// `inner` must outlive it.
  Faulty(Communicator& inner, std::vector<Fault> faults);

  Work start(const Collective& collective) override;
  void abort(const std::string& reason) override { inner_.abort(reason); }

 private:
  Communicator& inner_;
  std::vector<Fault> faults_;
  int64_t calls_ = 0;
  std::vector<Collective> put_off_;
};

}  // namespace triad::comm
