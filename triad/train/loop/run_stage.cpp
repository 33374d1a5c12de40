#include "triad/train/loop/run_stage.h"

#include <algorithm>
#include <chrono>
#include <limits>
#include <map>
#include <utility>

#include <nlohmann/json.hpp>

#include "triad/bench/steps/profile_table.h"
#include "triad/core/base/profile.h"
#include "triad/nn/module.h"
#include "triad/optim/schedule.h"
#include "triad/train/checkpoint/checkpoint_folder.h"
#include "triad/train/launch/stop_request.h"
#include "triad/train/loop/accumulate.h"
#include "triad/train/parallel/global_losses.h"
#include "triad/train/parallel/gradient_reducer.h"
#include "triad/train/parallel/replicas.h"

namespace triad::train {
namespace {

class Clock {
 public:
  double seconds() const { return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count(); }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

std::string to_json(const data::LoaderState& s) {
  return nlohmann::json{{"epoch", s.epoch},     {"position", s.position},     {"seed", s.seed},
                        {"samples", s.samples}, {"batch_size", s.batch_size}, {"order", s.order}}
      .dump();
}

data::LoaderState loader_state_of(const nlohmann::json& j) {
  return {.epoch = j.at("epoch"),
          .position = j.at("position"),
          .seed = j.at("seed"),
          .samples = j.at("samples"),
          .batch_size = j.at("batch_size"),
          .order = j.at("order")};
}

/// The mean loss of some steps; of each part, over the steps that had it.
class MeanLoss {
 public:
  void add(const StepLoss& loss) {
    total_.add(loss.total);
    for (const auto& [name, value] : loss.parts) parts_[name].add(value);
  }
  StepLoss mean() const {
    StepLoss loss{.total = total_.value()};
    for (const auto& [name, mean] : parts_) loss.parts[name] = mean.value();
    return loss;
  }

  std::string to_json() const {
    nlohmann::json parts = nlohmann::json::object();
    for (const auto& [name, mean] : parts_) parts[name] = mean.to_json();
    return nlohmann::json{{"total", total_.to_json()}, {"parts", parts}}.dump();
  }
  static MeanLoss of(const nlohmann::json& j) {
    MeanLoss losses;
    losses.total_ = Mean::of(j.at("total"));
    for (const auto& [name, mean] : j.at("parts").items()) losses.parts_[name] = Mean::of(mean);
    return losses;
  }

 private:
  struct Mean {
    double sum = 0;
    int64_t count = 0;

    void add(double value) { sum += value, ++count; }
    double value() const { return sum / static_cast<double>(count); }
    nlohmann::json to_json() const { return {{"sum", sum}, {"count", count}}; }
    static Mean of(const nlohmann::json& j) {
      const nlohmann::json& sum = j.at("sum");  // null for what JSON has no number for
      return {sum.is_null() ? std::numeric_limits<double>::quiet_NaN() : sum.get<double>(), j.at("count")};
    }
  };
  Mean total_;
  std::map<std::string, Mean> parts_;
};

/// What read() makes of the JSON in a checkpoint.
template <class Read>
auto parsed(const std::string& text, const std::filesystem::path& file, const Read& read) {
  try {
    return read(nlohmann::json::parse(text));
  } catch (const nlohmann::json::exception& e) {
    fail<IoError>(file.string(), "the state of the stage is damaged: ", e.what());
  }
}

std::string table_of(const Profile& profile, int64_t steps, double seconds) {
  const auto n = static_cast<double>(steps);
  std::vector<bench::ProfileRow> rows;
  for (const auto& [kernel, entry] : profile.entries()) {
    const std::chrono::duration<double, std::milli> time = entry.time;
    rows.push_back({kernel, static_cast<double>(entry.calls) / n, time.count() / n});
  }
  return bench::profile_table(std::move(rows), 1000 * seconds / n);
}

/// Gradients flow into what the stage trains and nowhere else.
void set_trained(const std::vector<NamedParameter>& all, const std::vector<NamedParameter>& trained) {
  for (const NamedParameter& p : all) p.parameter->set_trainable(false);
  for (const NamedParameter& p : trained) p.parameter->set_trainable(true);
}

/// How long others wait for a rank that saves.
constexpr std::chrono::minutes kSaving{10};

/// How long others wait for a step: many times as long as the longest so far, as the first ones and rare ones take longer.
class StepDeadline {
 public:
  std::chrono::duration<double> next() {
    const double now = clock_.seconds();
    if (steps_ > 0) longest_ = std::max(longest_, now - begun_);
    begun_ = now;
    return std::chrono::duration<double>(steps_++ > 0 ? std::max(60.0, 20 * longest_) : 600);
  }

 private:
  Clock clock_;
  double begun_ = 0, longest_ = 0;
  int64_t steps_ = 0;
};

ReducerOptions reducer_options(const ParallelOptions& parallel) {
  return {.bucket_bytes = static_cast<int64_t>(parallel.bucket_mb * (1 << 20)),
          .bf16_on_the_wire = parallel.wire == Wire::bf16,
          .scatter = parallel.zero > 0,
          .release = parallel.zero > 1};
}

std::optional<optim::Shard> shard_of(const ParallelOptions& parallel, const GradientReducer& reducer,
                                     comm::Communicator& comm) {
  if (parallel.zero == 0) return std::nullopt;
  optim::Shard shard;
  for (const comm::Range& range : reducer.owned_by(comm.rank())) shard.ranges.push_back({range.first, range.count});
  shard.sum_over_ranks = [&comm](double own) {
    const Tensor sum = full({}, own, DType::f64);
    comm.all_reduce(sum, comm::Reduction::sum, {.name = "squared norm"}).wait();
    return sum.item();
  };
  return shard;
}

std::vector<std::string> names_of(const std::vector<optim::OptimizerState>& states) {
  std::vector<std::string> names;
  for (const optim::OptimizerState& state : states) names.push_back(state.name);
  return names;
}

}  // namespace

bool run_stage(Stage& stage, const StageRun& run, const std::filesystem::path& resume_from, double& seconds) {
  const Recipe& recipe = run.recipe;
  const StageOptions& options = stage_options(recipe, stage.name());
  const int64_t last = steps_to_train(recipe, stage.name());
  const std::string name(stage.name());

  set_trained(run.model_parameters, stage.parameters());
  optim::Arena arena(stage.parameters());
  GradientReducer reducer(arena, run.ranks.comm, reducer_options(recipe.parallel));
  optim::Optimizer optimizer(arena, options.optimizer, shard_of(recipe.parallel, reducer, run.ranks.comm));
  int64_t step = 0;
  MeanLoss losses;
  if (!resume_from.empty()) {
    const Progress progress = read_progress(resume_from);
    load_parameters(resume_from, run.model_parameters);
    const SavedOptimizer saved = read_optimizer(resume_from, arena, names_of(optimizer.states()));
    optimizer.restore(saved.steps, saved.states);
    stage.restore_loader(parsed(progress.loaders, resume_from, loader_state_of));
    losses = parsed(progress.losses, resume_from, MeanLoss::of);
    step = progress.step;
  }

  const auto save = [&] {
    run.ranks.status.enter("saving", step, kSaving);
    const SavedOptimizer whole{optimizer.steps(), optimizer.states()};
    for (const optim::OptimizerState& state : whole.states) reducer.gather(state.values);
    if (run.ranks.comm.rank() != 0) return;
    save_checkpoint(checkpoint_path(run.checkpoints, name, step), run.model_parameters, arena, whole,
                    {.stage = name,
                     .step = step,
                     .seconds = seconds,
                     .loaders = to_json(stage.loader_state()),
                     .losses = losses.to_json(),
                     .data = run.data});
    remove_old_checkpoints(run.checkpoints, name, recipe.checkpoint.keep);
  };

  Profile profile;
  if (run.profile) profile.start();
  const double before = seconds;
  const int64_t first = step;
  const Clock clock;
  int64_t timed_step = step;
  double timed_seconds = 0;
  bool stops = false;
  StepDeadline deadline;
  while (step < last && !stops) {
    run.ranks.status.enter("step", step + 1, deadline.next());
    {
      const ProfileScope waiting("waiting for data");
      stage.load();
    }
    const RandomKey key{
        .seed = recipe.train.seed, .step = static_cast<uint32_t>(step), .site = random_site(stage.name())};
    reducer.clear();
    StepLoss step_loss = accumulate_gradients(
        stage, options.micro_batches, {.training = true, .key = key, .dtype = recipe.train.dtype}, run.ranks.comm,
        {.before = [&](bool last_pass) { reducer.before_pass(last_pass); }, .after = [&] { reducer.after_pass(); }});
    reducer.finish();
    stops = sum_losses(step_loss, stop_requested(), run.ranks.comm);
    stage.measure(step_loss.parts);
    losses.add(step_loss);
    const double lr = optim::learning_rate(options.schedule, step);
    double norm = 0;
    try {
      norm = optimizer.step(lr);
    } catch (const NumericError& e) {
      fail<NumericError>(str("stage ", name, ", step ", step + 1), e.what());
    }
    reducer.gather(arena.values());
    stage.after_step();
    ++step;
    if (recipe.parallel.check_every > 0 && step % recipe.parallel.check_every == 0)
      check_replicas(arena, run.ranks.comm);
    seconds = before + clock.seconds();
    if (step % recipe.train.log_every == 0 || step == last) {
      const StepLoss loss = std::exchange(losses, {}).mean();
      const double spent = clock.seconds() - timed_seconds;
      const double speed = static_cast<double>((step - timed_step) * options.batch) / std::max(spent, 1e-9);
      StepMetrics metrics{.stage = name,
                          .step = step,
                          .stage_steps = last,
                          .loss = loss.total,
                          .lr = lr,
                          .samples_per_second = speed,
                          .seconds = seconds,
                          .seconds_left = static_cast<double>((last - step) * options.batch) / speed,
                          .world = run.ranks.comm.size(),
                          .parts = loss.parts};
      metrics.parts["gradient_norm"] = norm;
      if (run.log) run.log->step(metrics);
      timed_step = step;
      timed_seconds = clock.seconds();
    }
    if (recipe.checkpoint.every > 0 && step % recipe.checkpoint.every == 0 && step < last) save();
  }
  if (run.profile && step > first) {
    profile.stop();
    if (run.log) run.log->note(str("a step of stage ", name, ":\n", table_of(profile, step - first, clock.seconds())));
  }
  save();
  return step == last;
}

}  // namespace triad::train
