#include "triad/train/launch/ranks.h"

#include <algorithm>
#include <condition_variable>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <map>
#include <mutex>
#include <optional>
#include <sstream>
#include <thread>

#include "triad/core/comm/checked.h"
#include "triad/core/comm/mpi.h"
#include "triad/core/comm/threads.h"
#include "triad/core/cpu/parallel.h"
#include "triad/train/control/control.h"
#include "triad/train/control/messages.h"

namespace triad::train {
namespace {

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

/// The first line of `a` that `b` does not have in its place.
std::string first_difference(const std::string& a, const std::string& b) {
  const std::vector<std::string> left = lines_of(a), right = lines_of(b);
  for (size_t i = 0; i < left.size(); ++i) {
    if (i >= right.size() || left[i] != right[i]) return left[i];
  }
  return "(no more lines)";
}

void take_share_of_processors(int ranks_here) {
  if (std::getenv("OMP_NUM_THREADS") || ranks_here <= 1) return;
  cpu::set_num_threads(std::max(1, cpu::num_threads() / ranks_here));
}

}  // namespace

std::vector<std::string> gather_texts(comm::Communicator& comm, const std::string& own) {
  const auto ranks = static_cast<size_t>(comm.size());
  Tensor sizes = zeros({comm.size()}, DType::i64);
  sizes.mutable_data<int64_t>()[comm.rank()] = std::ssize(own);
  comm.all_gather(sizes, std::vector<int64_t>(ranks, 1), {.name = "lengths of texts"}).wait();
  const std::vector<int64_t> counts = sizes.to_vector<int64_t>();
  int64_t total = 0, first = 0;
  for (size_t r = 0; r < ranks; ++r) {
    if (static_cast<int>(r) == comm.rank()) first = total;
    total += counts[r];
  }
  Tensor all = zeros({total}, DType::u8);
  std::memcpy(all.mutable_data<uint8_t>() + first, own.data(), own.size());
  comm.all_gather(all, counts, {.name = "texts"}).wait();
  std::vector<std::string> texts;
  const auto* at = reinterpret_cast<const char*>(all.data<uint8_t>());
  for (const int64_t count : counts) {
    texts.emplace_back(at, static_cast<size_t>(count));
    at += count;
  }
  return texts;
}

std::string name_ranks(const std::vector<size_t>& ranks, const std::vector<std::string>& hosts) {
  std::string text;
  for (size_t i = 0; i < ranks.size(); ++i) {
    text += str(i > 0 ? ", " : "", ranks[i]);
    if (i + 1 == ranks.size() || hosts[ranks[i]] != hosts[ranks[i + 1]]) text += " (" + hosts[ranks[i]] + ")";
  }
  return text;
}

void check_ranks(const std::vector<RankEnvironment>& launchers, int rank, int size) {
  for (const RankEnvironment& launcher : launchers) {
    if (launcher.size == size && launcher.rank == rank) continue;
    fail<AgreementError>("ranks", launcher.launcher, " says this is rank ", launcher.rank, " of ", launcher.size,
                         ", MPI says rank ", rank, " of ", size,
                         Hint{"start with `triad launch`, mpirun, or srun --mpi=pmix; each process would train alone"});
  }
}

namespace {

/// Ends the process if what it watches takes too long: MPI waits for ever for a rank that does not come.
class ExitWatch {
 public:
  ExitWatch(std::string what, std::chrono::seconds limit)
      : thread_([this, what = std::move(what), limit] {
          std::unique_lock lock(mutex_);
          if (done_.wait_for(lock, limit, [this] { return is_done_; })) return;
          std::cerr << "triad: " << what << " has not ended within " << limit.count() << " s" << std::endl;
          std::_Exit(kPeerLate);
        }) {}
  ~ExitWatch() {
    {
      const std::lock_guard lock(mutex_);
      is_done_ = true;
    }
    done_.notify_one();
    thread_.join();
  }
  ExitWatch(const ExitWatch&) = delete;
  ExitWatch& operator=(const ExitWatch&) = delete;

 private:
  std::mutex mutex_;
  std::condition_variable done_;
  bool is_done_ = false;
  std::thread thread_;  // last: it uses the others
};

constexpr std::chrono::seconds kJoin{120}, kLeave{60};
/// Less than the second after which mpirun kills ranks, which would take their exit code from them.
constexpr std::chrono::milliseconds kUnwind{500};

/// The thread that trains learns of a fault by its communicator; if it is elsewhere for too long, the process ends.
void end_soon(comm::Communicator& comm, const Fault& fault) {
  comm.abort(fault.text);
  std::thread([fault] {
    std::this_thread::sleep_for(kUnwind);
    std::cerr << "triad: " << fault.text << std::endl;
    std::_Exit(fault.code);
  }).detach();
}

[[noreturn]] void throw_fault(const Fault& fault) {
  if (fault.code == kPeerLate) fail<comm::TimeoutError>("ranks", fault.text);
  fail<comm::CommError>("ranks", fault.text);
}

/// What the hub tells of an error that may be a consequence of another rank's: that is on its way.
std::optional<Fault> cause_of(const std::exception& error, const ControlLink& link) {
  if (dynamic_cast<const comm::MismatchError*>(&error)) return std::nullopt;  // all ranks find it alike
  if (!dynamic_cast<const comm::CommError*>(&error)) return link.fault();
  for (int i = 0; i < 200 && !link.fault(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  return link.fault();
}

/// Calls that are compared between ranks before any value moves: those of the first steps, after which the same ones come again.
constexpr int64_t kComparedCalls = 300;

void on_mpi_ranks(comm::Communicator& mpi, const std::function<void(const Ranks&)>& body) {
  RankStatus status;
  comm::Checked comm(mpi, kComparedCalls);
  Reporting reporting(comm, status);
  std::optional<ControlHub> hub;
  std::optional<ControlLink> link;
  {
    const ExitWatch watch("connecting to rank 0", kJoin);
    if (comm.rank() == 0) hub.emplace(comm.size(), ControlOptions{});
    const std::string invitation = broadcast_text(reporting, hub ? hub->invitation() : "");
    link.emplace(invitation, comm.rank(), ControlOptions{}, status,
                 [&comm](const Fault& fault) { end_soon(comm, fault); });
    reporting.barrier({.name = "all ranks are connected"});
  }
  try {
    body({reporting, status});
  } catch (const std::exception& e) {
    if (const std::optional<Fault> fault = cause_of(e, *link)) throw_fault(*fault);
    link->report_failure(e.what());
    comm.abort(e.what());
    throw;
  }
}

}  // namespace

void on_started_ranks(const std::function<void(const Ranks&)>& body) {
  const std::vector<RankEnvironment> launchers = rank_environments(process_environment());
  const bool several = std::ranges::any_of(launchers, [](const RankEnvironment& l) { return l.size > 1; });
  if (!several) {
    RankStatus status;
    return body({*comm::make_single(), status});
  }
  std::unique_ptr<comm::Communicator> comm;
  {
    const ExitWatch watch("MPI_Init, which waits for all ranks,", kJoin);
    comm = comm::make_mpi();
  }
  check_ranks(launchers, comm->rank(), comm->size());
  for (const RankEnvironment& launcher : launchers) {
    if (launcher.local_size) take_share_of_processors(*launcher.local_size);
  }
  on_mpi_ranks(*comm, body);
  const ExitWatch watch("MPI_Finalize, which waits for all ranks,", kLeave);
  comm.reset();
}

void on_rank_threads(int ranks, const std::function<void(const Ranks&)>& body) {
  const int threads = cpu::num_threads();
  comm::run_ranks(ranks, [&](comm::Communicator& comm) {
    cpu::set_num_threads(std::max(1, threads / ranks));  // of this thread's team
    RankStatus status;
    body({comm, status});
  });
  cpu::set_num_threads(threads);
}

void check_agreement(comm::Communicator& comm, const std::string& what, const std::string& text) {
  const std::vector<std::string> texts = gather_texts(comm, text);
  if (std::ranges::all_of(texts, [&](const std::string& t) { return t == texts[0]; })) return;
  const std::vector<std::string> hosts = gather_texts(comm, host_name());
  std::map<std::string, std::vector<size_t>> groups;
  for (size_t r = 0; r < texts.size(); ++r) groups[texts[r]].push_back(r);
  const auto most = std::ranges::max_element(groups, {}, [](const auto& group) { return group.second.size(); });
  for (const auto& [other, ranks] : groups) {
    if (other == most->first) continue;
    fail<AgreementError>(what, "differs between ranks: ", name_ranks(ranks, hosts), " have '",
                         first_difference(other, most->first), "', ", name_ranks(most->second, hosts), " have '",
                         first_difference(most->first, other), "'");
  }
}

std::string broadcast_text(comm::Communicator& comm, const std::string& text) { return gather_texts(comm, text)[0]; }

}  // namespace triad::train
