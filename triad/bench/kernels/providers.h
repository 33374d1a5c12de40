// The providers there are; make_provider() chooses among them by name.
#pragma once

#include "triad/bench/kernels/provider.h"

namespace triad::bench {

std::unique_ptr<Provider> make_ours();
/// linear.fwd with the weight laid out beforehand as oneDNN likes it best, conv2d.fwd with all layouts its own.
std::unique_ptr<Provider> make_onednn();
/// linear.fwd in f32.
std::unique_ptr<Provider> make_openblas();
std::unique_ptr<Provider> make_torch(const TorchProgram& program);

}  // namespace triad::bench
