#include "triad/nn/module.h"

namespace triad::nn {

void Visitor::operator()(std::string_view name, Parameter& parameter) const {
  if (parameter.defined()) on_parameter_(prefix_ + std::string(name), parameter);
}

void Visitor::operator()(std::string_view name, Module& module) const {
  module.visit(Visitor(prefix_ + std::string(name) + ".", on_parameter_));
}

std::vector<NamedParameter> parameters_of(Module& module, std::string_view prefix) {
  std::vector<NamedParameter> all;
  const Visitor::OnParameter collect = [&](const std::string& path, Parameter& parameter) {
    all.push_back({path, &parameter});
  };
  module.visit(Visitor(prefix.empty() ? "" : std::string(prefix) + ".", collect));
  return all;
}

int64_t count_parameters(Module& module) {
  int64_t count = 0;
  for (const NamedParameter& p : parameters_of(module)) count += p.parameter->shape().numel();
  return count;
}

void set_trainable(Module& module, bool trainable) {
  for (const NamedParameter& p : parameters_of(module)) p.parameter->set_trainable(trainable);
}

}  // namespace triad::nn
