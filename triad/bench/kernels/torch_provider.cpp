#include <nlohmann/json.hpp>

#include "triad/bench/kernels/providers.h"
#include "triad/bench/peers/peer_process.h"
#include "triad/bench/peers/temporary_file.h"
#include "triad/core/cpu/parallel.h"
#include "triad/data/formats/safetensors.h"

namespace triad::bench {
namespace {

class TorchExecution : public Execution {
 public:
  TorchExecution(std::shared_ptr<PeerProcess> process, size_t results)
      : process_(std::move(process)), results_(results) {}

  double seconds(int64_t calls) override { return process_->ask({{"calls", calls}}).at("seconds"); }
  ops::Tensors results() override {
    const TemporaryFile file("triad-results.safetensors");
    process_->ask({{"results", file.path().string()}});
    const data::TensorMap tensors = data::read_safetensors(file.path());
    ops::Tensors out(results_);
    for (size_t i = 0; i < results_; ++i)
      if (const auto found = tensors.find(str(i)); found != tensors.end()) out[i] = found->second;
    return out;
  }

 private:
  std::shared_ptr<PeerProcess> process_;
  size_t results_;
};

class Torch : public Provider {
 public:
  explicit Torch(const TorchProgram& program)
      : process_(std::make_shared<PeerProcess>(std::vector<std::string>{program.python, program.script.string()},
                                               "name a Python that has PyTorch with --python")) {}

  std::string name() const override { return "torch"; }
  bool goes_on() const override { return process_->is_running(); }
  std::unique_ptr<Execution> prepare(const Problem& problem, int64_t sets) override {
    const TemporaryFile file("triad-inputs.safetensors");
    data::TensorMap tensors;
    const auto add = [&](std::string_view name, const ops::Tensors& list) {
      for (size_t i = 0; i < list.size(); ++i)
        if (list[i].defined()) tensors[str(name, ".", i)] = list[i];
    };
    add("input", problem.inputs);
    add("cotangent", problem.cotangents);
    data::write_safetensors(file.path(), tensors);
    const nlohmann::json answer = process_->ask({{"op", problem.kernel.op->name},
                                                 {"pass", name_of(problem.kernel.pass)},
                                                 {"attributes", problem.kernel.workload->attributes},
                                                 {"inputs", problem.inputs.size()},
                                                 {"threads", cpu::num_threads()},
                                                 {"sets", sets},
                                                 {"tensors", file.path().string()}});
    if (!answer.at("known").get<bool>()) return nullptr;
    return std::make_unique<TorchExecution>(process_, problem.expected.size());
  }

 private:
  std::shared_ptr<PeerProcess> process_;
};

}  // namespace

std::unique_ptr<Provider> make_torch(const TorchProgram& program) { return std::make_unique<Torch>(program); }

}  // namespace triad::bench
