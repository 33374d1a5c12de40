#include "triad/core/comm/mpi.h"

#if TRIAD_WITH_MPI
#include <atomic>
#include <mutex>
#include <thread>

#include <mpi.h>

#include "triad/core/comm/planned.h"

namespace triad::comm {
namespace {

using Clock = std::chrono::steady_clock;

void check(int code, std::string_view call) {
  if (code == MPI_SUCCESS) return;
  char text[MPI_MAX_ERROR_STRING];
  int length = 0;
  MPI_Error_string(code, text, &length);
  fail<CommError>(call, std::string_view(text, static_cast<size_t>(length)));
}

/// Why waiting ends early.
class Abortion {
 public:
  void request(const std::string& reason) {
    const std::lock_guard lock(mutex_);
    if (!requested_) reason_ = reason;
    requested_ = true;
  }
  bool requested() const { return requested_; }
  void throw_if_requested() const {
    if (!requested_) return;
    const std::lock_guard lock(mutex_);
    fail<CommError>("given up", reason_);
  }

 private:
  std::atomic<bool> requested_ = false;
  mutable std::mutex mutex_;
  std::string reason_;
};

/// Lets others have the processor, for longer the longer nothing happens: a rank that waits shares it with ranks that compute.
class Patience {
 public:
  void pause() {
    if (++tries_ < 100) return;
    std::this_thread::sleep_for(tries_ < 1000 ? std::chrono::microseconds(20) : std::chrono::microseconds(200));
  }

 private:
  int tries_ = 0;
};

class MpiTransfer : public Transport::Transfer {
 public:
  enum class Direction : uint8_t { send, receive };

  MpiTransfer(Direction direction, size_t bytes, int other, const Abortion& abortion)
      : direction_(direction), bytes_(bytes), other_(other), abortion_(abortion) {}
  ~MpiTransfer() override {
    if (request == MPI_REQUEST_NULL) return;
    if (direction_ == Direction::receive) {
      MPI_Cancel(&request);
      MPI_Wait(&request, MPI_STATUS_IGNORE);
    } else {
      MPI_Request_free(&request);  // MPI cannot take back what was sent: it may go on reading the memory
    }
  }

  void wait(Deadline deadline) override {
    MPI_Status status;
    Patience patience;
    for (int done = 0;;) {
      const int code = MPI_Test(&request, &done, &status);
      if (code == MPI_ERR_TRUNCATE)
        fail<MismatchError>("message", "more than the ", bytes_, " bytes expected are sent");
      check(code, str("the message ", direction_ == Direction::send ? "to" : "from", " rank ", other_));
      if (done) break;
      abortion_.throw_if_requested();
      if (Clock::now() >= deadline) fail<TimeoutError>(str("rank ", other_), "did not take part in time");
      patience.pause();
    }
    if (direction_ == Direction::send) return;
    int count = 0;
    MPI_Get_count(&status, MPI_BYTE, &count);
    require<MismatchError>(static_cast<size_t>(count) == bytes_, "message", count, " bytes are sent, ", bytes_,
                           " expected");
  }

  MPI_Request request = MPI_REQUEST_NULL;

 private:
  Direction direction_;
  size_t bytes_;
  int other_;
  const Abortion& abortion_;
};

class MpiTransport : public Transport {
 public:
  MpiTransport() {
    int initialized = 0, provided = 0;
    MPI_Initialized(&initialized);
    require<CommError>(!initialized, "MPI", "has been used before in this process, and can be used once");
    check(MPI_Init_thread(nullptr, nullptr, MPI_THREAD_FUNNELED, &provided), "MPI_Init_thread");
    require<CommError>(provided >= MPI_THREAD_FUNNELED, "MPI_Init_thread", "this MPI knows nothing of threads");
    check(MPI_Comm_dup(MPI_COMM_WORLD, &group_), "MPI_Comm_dup");
    MPI_Comm_set_errhandler(group_, MPI_ERRORS_RETURN);
    MPI_Comm_rank(group_, &rank_);
    MPI_Comm_size(group_, &size_);
  }
  ~MpiTransport() override {
    if (failed_ || abortion_.requested()) return;  // MPI_Finalize() waits for ranks that may be lost
    MPI_Comm_free(&group_);
    MPI_Finalize();
  }

  int rank() const override { return rank_; }
  int size() const override { return size_; }

  std::unique_ptr<Transfer> send(int to, std::span<const std::byte> bytes) override {
    auto transfer = transfer_of(MpiTransfer::Direction::send, bytes.size(), to);
    check(MPI_Isend(bytes.data(), static_cast<int>(bytes.size()), MPI_BYTE, to, 0, group_, &transfer->request),
          "MPI_Isend");
    return transfer;
  }
  std::unique_ptr<Transfer> receive(int from, std::span<std::byte> bytes) override {
    auto transfer = transfer_of(MpiTransfer::Direction::receive, bytes.size(), from);
    check(MPI_Irecv(bytes.data(), static_cast<int>(bytes.size()), MPI_BYTE, from, 0, group_, &transfer->request),
          "MPI_Irecv");
    return transfer;
  }
  void give_up() override { failed_ = true; }
  void abort(const std::string& reason) override { abortion_.request(reason); }

 private:
  std::unique_ptr<MpiTransfer> transfer_of(MpiTransfer::Direction direction, size_t bytes, int other) {
    abortion_.throw_if_requested();
    return std::make_unique<MpiTransfer>(direction, bytes, other, abortion_);
  }

  MPI_Comm group_ = MPI_COMM_NULL;
  int rank_ = 0, size_ = 1;
  bool failed_ = false;
  Abortion abortion_;
};

}  // namespace

bool has_mpi() { return true; }

std::string mpi_version() {
  char text[MPI_MAX_LIBRARY_VERSION_STRING];
  int length = 0;
  MPI_Get_library_version(text, &length);
  const std::string_view version(text, static_cast<size_t>(length));
  return std::string(version.substr(0, version.find_first_of(",\n")));
}

std::unique_ptr<Communicator> make_mpi() {
  return make_planned([] { return std::make_unique<MpiTransport>(); });
}

}  // namespace triad::comm

#else

namespace triad::comm {

bool has_mpi() { return false; }

std::string mpi_version() { return "no MPI"; }

std::unique_ptr<Communicator> make_mpi() {
  fail<CommError>("MPI", "this build has none", Hint{"install libopenmpi-dev and configure with -DTRIAD_MPI=ON"});
}

}  // namespace triad::comm
#endif
