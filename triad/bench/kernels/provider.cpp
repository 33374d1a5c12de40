#include "triad/bench/kernels/provider.h"

#include <algorithm>

#include "triad/bench/kernels/providers.h"
#include "triad/core/base/error.h"

namespace triad::bench {

const std::vector<std::string>& provider_names() {
  static const std::vector<std::string> names = {"ours", "onednn", "openblas", "torch"};
  return names;
}

std::unique_ptr<Provider> make_provider(const std::string& name, const TorchProgram& torch) {
  if (name == "ours") return make_ours();
  if (name == "onednn") return make_onednn();
  if (name == "openblas") return make_openblas();
  require<ValueError>(name == "torch", "bench", "there is no provider ", name,
                      Hint{"there are ours, onednn, openblas and torch"});
  return make_torch(torch);
}

}  // namespace triad::bench
