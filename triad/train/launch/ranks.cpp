#include "triad/train/launch/ranks.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <map>
#include <sstream>

#include <unistd.h>

#include "triad/core/comm/mpi.h"
#include "triad/core/comm/threads.h"
#include "triad/core/cpu/parallel.h"

namespace triad::train {
namespace {

std::string host_name() {
  char name[256] = {};
  return gethostname(name, sizeof name - 1) == 0 ? name : "unknown host";
}

/// Every rank's text.
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

/// "0, 2 (host a), 1 (host b)", of ranks in order.
std::string name_ranks(const std::vector<size_t>& ranks, const std::vector<std::string>& hosts) {
  std::string text;
  for (size_t i = 0; i < ranks.size(); ++i) {
    text += str(i > 0 ? ", " : "", ranks[i]);
    if (i + 1 == ranks.size() || hosts[ranks[i]] != hosts[ranks[i + 1]]) text += " (" + hosts[ranks[i]] + ")";
  }
  return text;
}

void take_share_of_processors(int ranks_here) {
  if (std::getenv("OMP_NUM_THREADS") || ranks_here <= 1) return;
  cpu::set_num_threads(std::max(1, cpu::num_threads() / ranks_here));
}

}  // namespace

void check_ranks(const std::vector<RankEnvironment>& launchers, int rank, int size) {
  for (const RankEnvironment& launcher : launchers) {
    if (launcher.size == size && launcher.rank == rank) continue;
    fail<AgreementError>("ranks", launcher.launcher, " says this is rank ", launcher.rank, " of ", launcher.size,
                         ", MPI says rank ", rank, " of ", size,
                         Hint{"start with `triad launch`, mpirun, or srun --mpi=pmix; each process would train alone"});
  }
}

void on_started_ranks(const std::function<void(comm::Communicator&)>& body) {
  const std::vector<RankEnvironment> launchers = rank_environments(process_environment());
  const bool several = std::ranges::any_of(launchers, [](const RankEnvironment& l) { return l.size > 1; });
  const std::unique_ptr<comm::Communicator> comm = several ? comm::make_mpi() : comm::make_single();
  try {
    check_ranks(launchers, comm->rank(), comm->size());
    for (const RankEnvironment& launcher : launchers) {
      if (launcher.local_size) take_share_of_processors(*launcher.local_size);
    }
    body(*comm);
  } catch (const std::exception& e) {
    comm->abort(str("rank ", comm->rank(), " failed: ", e.what()));
    throw;
  }
}

void on_rank_threads(int ranks, const std::function<void(comm::Communicator&)>& body) {
  const int threads = cpu::num_threads();
  comm::run_ranks(ranks, [&](comm::Communicator& comm) {
    cpu::set_num_threads(std::max(1, threads / ranks));  // of this thread's team
    body(comm);
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
