#include "triad/train/doctor/doctor.h"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <fstream>
#include <map>
#include <thread>

#include <nlohmann/json.hpp>
#include <sched.h>
#include <unistd.h>

#include "triad/core/base/version.h"
#include "triad/core/comm/mpi.h"
#include "triad/core/cpu/onednn.h"
#include "triad/core/cpu/parallel.h"
#include "triad/data/formats/durable_file.h"
#include "triad/data/formats/hdf5.h"
#include "triad/data/shards/sharded_dataset.h"
#include "triad/train/control/messages.h"
#include "triad/train/launch/stop_request.h"

namespace triad::train {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

/// Processors this process may run on.
int processors() {
  cpu_set_t set;
  return sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : cpu::num_threads();
}

/// "0, 2 (host a)", of the ranks for which `holds`.
template <class Holds>
std::string ranks_where(const std::vector<std::string>& hosts, const Holds& holds) {
  std::vector<size_t> ranks;
  for (size_t r = 0; r < hosts.size(); ++r) {
    if (holds(r)) ranks.push_back(r);
  }
  return name_ranks(ranks, hosts);
}

class Examination {
 public:
  Examination(const Ranks& ranks, const DoctorOptions& options)
      : comm_(ranks.comm), options_(options), hosts_(gather_texts(comm_, host_name())) {}

  std::vector<Finding> run() {
    look_at_ranks();
    compare("program", str("triad ", version(), ", ", comm::mpi_version(), ", ", data::hdf5::library_version(), ", ",
                           cpu::onednn::version()));
    if (!options_.recipe_text.empty()) compare("recipe", options_.recipe_text);
    if (!options_.data.empty()) look_at_data();
    add_up();
    write_and_read();
    compare_clocks();
    signal();
    return std::move(findings_);
  }

 private:
  void find(std::string check, Verdict verdict, std::string text) {
    findings_.push_back({std::move(check), verdict, std::move(text)});
  }

  void look_at_ranks() {
    const std::vector<std::string> threads = gather_texts(comm_, str(cpu::num_threads())),
                                   available = gather_texts(comm_, str(processors()));
    std::map<std::string, int> wanted, offered;
    for (size_t r = 0; r < hosts_.size(); ++r) {
      wanted[hosts_[r]] += std::stoi(threads[r]);
      offered[hosts_[r]] = std::max(offered[hosts_[r]], std::stoi(available[r]));
    }
    std::string text = str(comm_.size(), comm_.size() == 1 ? " rank" : " ranks");
    std::string crowded;
    for (const auto& [host, count] : wanted) {
      text += str(", ", host, ": ", count, " threads on ", offered[host], " processors");
      if (count > offered[host]) crowded += str(crowded.empty() ? "" : ", ", host);
    }
    find("ranks", crowded.empty() ? Verdict::pass : Verdict::warn,
         crowded.empty() ? text : text + ": more threads than processors on " + crowded);
  }

  void compare(const std::string& check, const std::string& text) {
    try {
      check_agreement(comm_, check, text);
      find(check, Verdict::pass, check == "program" ? text : "the same on all ranks");
    } catch (const AgreementError& e) {
      find(check, Verdict::fail, std::string(e.what()).substr(check.size() + 2));  // it begins with what differs
    }
  }

  void look_at_data() {
    std::string text = "none in " + options_.data.string();
    if (fs::exists(options_.data / data::kManifestName)) {
      try {
        text = str(data::ShardedDataset(options_.data).manifest().identity());
      } catch (const Error& e) {
        text = e.what();
      }
    }
    compare("data", text);
  }

  void add_up() {
    constexpr int64_t kElements = 4 << 20;
    const auto value = [](int rank, int64_t i) { return static_cast<float>((i * 7 + rank * 31) % 13 - 6); };
    Tensor x = empty({kElements});
    double best = 1e9;
    bool right = true;
    for (int round = 0; round < 3; ++round) {
      float* values = x.mutable_data<float>();
      for (int64_t i = 0; i < kElements; ++i) values[i] = value(comm_.rank(), i);
      comm_.barrier({.name = "bandwidth"});
      const Clock::time_point start = Clock::now();
      comm_.all_reduce(x, comm::Reduction::sum, {.name = "bandwidth"}).wait();
      best = std::min(best, seconds_since(start));
      for (int64_t i = 0; i < kElements; i += 997) {
        float sum = 0;
        for (int r = 0; r < comm_.size(); ++r) sum += value(r, i);
        right = right && x.data<float>()[i] == sum;
      }
    }
    const std::vector<std::string> all_right = gather_texts(comm_, right ? "right" : "wrong"),
                                   times = gather_texts(comm_, str(best));
    const std::string wrong = ranks_where(hosts_, [&](size_t r) { return all_right[r] != "right"; });
    if (!wrong.empty()) return find("sums", Verdict::fail, "wrong on ranks " + wrong);
    double slowest = 0;
    for (const std::string& time : times) slowest = std::max(slowest, std::stod(time));
    const double share = 2.0 * (comm_.size() - 1) / comm_.size();
    find("sums", Verdict::pass,
         comm_.size() == 1 ? std::string("right; there is one rank")
                           : str("right; 16 MiB in ", static_cast<int64_t>(1e6 * slowest) / 1000.0, " ms, ",
                                 static_cast<int64_t>(share * 4 * kElements / slowest / 1e7) / 100.0,
                                 " GB/s in and out of each rank"));
  }

  /// Rank 0 writes as a checkpoint is written; every rank has to see the content within a moment.
  void write_and_read() {
    const std::string name =
        broadcast_text(comm_, str(".doctor-", ::getpid(), "-", Clock::now().time_since_epoch().count()));
    const fs::path file = options_.folder / name;
    const std::string content = "what rank 0 wrote " + name + "\n";
    std::string said = "read";
    try {
      if (comm_.rank() == 0) {
        fs::create_directories(options_.folder);
        data::write_durably(file, content);
      }
    } catch (const std::exception& e) {
      said = e.what();
    }
    comm_.barrier({.name = "a file is written"});
    if (said == "read") said = can_read(file, content) ? "read" : "cannot read what rank 0 wrote";
    const std::vector<std::string> all = gather_texts(comm_, said);
    std::error_code ignored;
    const fs::space_info space = fs::space(options_.folder, ignored);
    if (comm_.rank() == 0) fs::remove(file, ignored);
    const std::string bad = ranks_where(hosts_, [&](size_t r) { return all[r] != "read"; });
    const std::string where = options_.folder.string();
    if (!bad.empty()) {
      const std::string& why = *std::ranges::find_if(all, [](const std::string& s) { return s != "read"; });
      return find("folder", Verdict::fail, where + ": ranks " + bad + ": " + why);
    }
    constexpr double kLittle = 10e9;
    const double free = std::stod(broadcast_text(comm_, str(ignored ? 0.0 : static_cast<double>(space.available))));
    find("folder", free < kLittle ? Verdict::warn : Verdict::pass,
         str(where, ": what rank 0 writes, syncs and renames, all ranks read; ", static_cast<int64_t>(free / 1e9),
             " GB are free"));
  }

  static bool can_read(const fs::path& file, const std::string& content) {
    for (int i = 0; i < 50; ++i) {  // a network's file system may take a moment
      std::ifstream in(file);
      if (std::string(std::istreambuf_iterator<char>(in), {}) == content) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
    return false;
  }

  void compare_clocks() {
    comm_.barrier({.name = "clocks"});
    const double now = std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
    const Tensor all = zeros({comm_.size()}, DType::f64);
    Tensor mine = all;
    mine.mutable_data<double>()[comm_.rank()] = now;
    comm_.all_gather(all, std::vector<int64_t>(hosts_.size(), 1), {.name = "clocks"}).wait();
    const std::vector<double> times = all.to_vector<double>();
    const auto [low, high] = std::ranges::minmax_element(times);
    const double apart = *high - *low;
    find("clocks", apart > 1 ? Verdict::warn : Verdict::pass,
         apart > 1 ? str(static_cast<int64_t>(apart), " s apart: rank ", low - times.begin(), " (",
                         hosts_[static_cast<size_t>(low - times.begin())], ") and rank ", high - times.begin(), " (",
                         hosts_[static_cast<size_t>(high - times.begin())], ")")
                   : str("within ", static_cast<int64_t>(1000 * apart) + 1, " ms"));
  }

  void signal() {
    comm_.barrier({.name = "signals"});
    note_stop_signals();
    ::kill(::getpid(), SIGUSR1);
    for (int i = 0; i < 100 && !stop_requested(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(10));
    const std::vector<std::string> all = gather_texts(comm_, stop_requested() ? "noted" : "lost");
    request_stop(false);
    const std::string deaf = ranks_where(hosts_, [&](size_t r) { return all[r] != "noted"; });
    find("signals", deaf.empty() ? Verdict::pass : Verdict::fail,
         deaf.empty()
             ? "SIGUSR1 is noted by every rank; mpirun passes SIGUSR1 on, and kills a second after SIGTERM unless "
               "`triad launch` stands between"
             : "SIGUSR1 does not reach ranks " + deaf);
  }

  comm::Communicator& comm_;
  const DoctorOptions& options_;
  std::vector<std::string> hosts_;
  std::vector<Finding> findings_;
};

}  // namespace

std::string_view name_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::pass: return "pass";
    case Verdict::warn: return "warn";
    case Verdict::fail: return "FAIL";
  }
  return "";
}

std::vector<Finding> examine(const Ranks& ranks, const DoctorOptions& options) {
  ranks.status.enter("examination", 0, std::chrono::minutes(5));
  return Examination(ranks, options).run();
}

std::string show(const std::vector<Finding>& findings) {
  std::string text;
  for (const Finding& f : findings) text += str(name_of(f.verdict), "  ", f.check, ": ", f.text, "\n");
  return text;
}

std::string to_json(const std::vector<Finding>& findings) {
  nlohmann::ordered_json checks = nlohmann::ordered_json::array();
  for (const Finding& f : findings)
    checks.push_back(
        {{"check", f.check}, {"verdict", f.verdict == Verdict::fail ? "fail" : name_of(f.verdict)}, {"text", f.text}});
  return nlohmann::ordered_json{{"checks", checks}}.dump(2) + "\n";
}

}  // namespace triad::train
