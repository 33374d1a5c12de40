// How bytes get from one rank to another; what plans are carried out with.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <span>
#include <string>

namespace triad::comm {

using Deadline = std::chrono::steady_clock::time_point;

/// Between every two ranks, and from a rank to itself, messages arrive in the order they were sent in; the n-th one received
/// is the n-th one sent. All calls but abort() come from one thread.
class Transport {
 public:
  /// A message under way. Its memory belongs to the transport until wait() has returned or the transfer is destroyed.
  class Transfer {
   public:
    virtual ~Transfer() = default;
    /// TimeoutError naming the other rank at the deadline; CommError after abort(); MismatchError if the other rank sends,
    /// or expects, another number of bytes.
    virtual void wait(Deadline deadline) = 0;
  };

  virtual ~Transport() = default;

  virtual int rank() const = 0;
  virtual int size() const = 0;
  virtual std::unique_ptr<Transfer> send(int to, std::span<const std::byte> bytes) = 0;
  virtual std::unique_ptr<Transfer> receive(int from, std::span<std::byte> bytes) = 0;
  /// A collective has failed: no more of them follow. Ranks may be lost, so that the destructor must not wait for any.
  virtual void give_up() {}
  /// Every wait(), now and later, throws CommError with `reason`. From any thread.
  virtual void abort(const std::string& reason) = 0;
};

}  // namespace triad::comm
