// What ranks say to each other. Implementations: single, threads, mpi; decorators: checked, faulty, recorded.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <source_location>
#include <string>
#include <vector>

#include "triad/core/comm/collective.h"

namespace triad::comm {

/// A collective under way. Copies are handles of the same one; it goes on without any.
class Work {
 public:
  class State {
   public:
    virtual ~State() = default;
    virtual bool done() const = 0;
    virtual void wait() = 0;
  };

  explicit Work(std::shared_ptr<State> state) : state_(std::move(state)) {}

  /// Whether wait() would return, or throw, at once.
  bool done() const { return state_->done(); }
  /// Returns when the result is there. CommError, TimeoutError or MismatchError if it cannot come.
  void wait() { state_->wait(); }

 private:
  std::shared_ptr<State> state_;
};

/// How a collective is done. Everything but the time limit has to be equal on all ranks.
struct CallOptions {
  std::string name;  ///< for messages: "gradients 3"
  bool bf16_on_the_wire =
      false;  ///< sums of f32: each part travels rounded to bf16 and is added in f32, in the order of ranks
  std::chrono::milliseconds timeout{};  ///< 0: that of the communicator
};

/// A group of `size()` ranks, of which this is `rank()`. Every rank calls the same collectives in the same order. They run
/// one after the other in that order, beside the caller: until a Work is done, its tensors must be neither read nor written.
/// Tensors are contiguous, of the same number of elements and dtype on all ranks. Results are the same bits on all ranks and
/// in all runs with as many ranks. After an error the communicator is of no more use: every further call throws it again.
/// One thread at a time.
class Communicator {
 public:
  using Where = std::source_location;

  virtual ~Communicator() = default;
  Communicator(const Communicator&) = delete;
  Communicator& operator=(const Communicator&) = delete;

  int rank() const { return rank_; }
  int size() const { return size_; }
  /// For calls that give none; ten minutes at first. It begins when the calls before are done.
  std::chrono::milliseconds timeout() const { return timeout_; }
  void set_timeout(std::chrono::milliseconds timeout) { timeout_ = timeout; }

  // All that follows throws ValueError, ShapeError or DTypeError for arguments that no rank could use, and what wait() throws
  // if an earlier call has failed.

  /// x becomes the sum, minimum or maximum over all ranks. f32, f64, bf16 (added in f32, rounded each time), i64, i32.
  Work all_reduce(const Tensor& x, Reduction reduction, CallOptions options = {}, Where where = Where::current());
  /// x holds a part of counts[r] elements for each rank r, one after the other. Part rank() becomes the reduction over all
  /// ranks; the others are left in no particular state.
  Work reduce_scatter(const Tensor& x, const std::vector<int64_t>& counts, Reduction reduction,
                      CallOptions options = {}, Where where = Where::current());
  /// x holds a part of counts[r] elements for each rank r; each becomes what rank r has there. Any dtype.
  Work all_gather(const Tensor& x, const std::vector<int64_t>& counts, CallOptions options = {},
                  Where where = Where::current());
  /// x becomes what `root` has. Any dtype.
  Work broadcast(const Tensor& x, int root, CallOptions options = {}, Where where = Where::current());
  /// in holds sent[r] elements for each rank r; out gets received[r] from each rank r, which must be what that rank sends.
  Work all_to_all(const Tensor& in, const std::vector<int64_t>& sent, const Tensor& out,
                  const std::vector<int64_t>& received, CallOptions options = {}, Where where = Where::current());
  /// Returns when all ranks have called it.
  void barrier(CallOptions options = {}, Where where = Where::current());

  /// Starts a collective whose arguments have been checked. What decorators decorate.
  virtual Work start(const Collective& collective) = 0;
  /// Gives the communicator up, from any thread: what is under way ends soon, with CommError and `reason`.
  virtual void abort(const std::string& reason) = 0;

 protected:
  Communicator(int rank, int size) : rank_(rank), size_(size) {}

 private:
  Work start_checked(Collective collective, CallOptions options, Where where);

  int rank_, size_;
  std::chrono::milliseconds timeout_ = std::chrono::minutes(10);
};

/// The only rank of its group.
std::unique_ptr<Communicator> make_single();

}  // namespace triad::comm
