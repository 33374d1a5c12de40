// Modules: parameters in a tree, each with a path.
// forward() of every layer and encoder throws what its ops throw (ShapeError, DTypeError, ValueError, naming op and argument),
// takes activations in f32, bf16, f16 or f64 and computes in their dtype with its f32 parameters rounded to it; only what
// goes beyond that is said again at each of them.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "triad/autograd/parameter.h"
#include "triad/core/base/philox.h"
#include "triad/core/tensor/tensor.h"

namespace triad::nn {

class Module;

/// Walks the children of a module: visit() of each module calls it once a parameter and once a sub-module.
class Visitor {
 public:
  using OnParameter = std::function<void(const std::string& path, Parameter& parameter)>;

  Visitor(std::string prefix, const OnParameter& on_parameter)
      : prefix_(std::move(prefix)), on_parameter_(on_parameter) {}

  /// Undefined parameters (a layer without bias) are passed over.
  void operator()(std::string_view name, Parameter& parameter) const;
  void operator()(std::string_view name, Module& module) const;
  /// A list of modules: path "name.0", "name.1", …
  template <class M>
  void operator()(std::string_view name, std::vector<std::unique_ptr<M>>& modules) const {
    for (size_t i = 0; i < modules.size(); ++i) (*this)(str(name, ".", i), *modules[i]);
  }

 private:
  std::string prefix_;
  const OnParameter& on_parameter_;
};

/// Owner of parameters and other modules. Each module lists its children once, in visit(); names, checkpoints,
/// arenas and counts all come from there. Modules stay where they were made: parameters are referred to by address.
class Module {
 public:
  Module() = default;
  virtual ~Module() = default;
  Module(const Module&) = delete;
  Module& operator=(const Module&) = delete;

  virtual void visit(const Visitor& visitor) = 0;
};

/// All parameters below `module`, in the order of its visit().
std::vector<NamedParameter> parameters_of(Module& module, std::string_view prefix = "");
/// Number of scalars in all parameters.
int64_t count_parameters(Module& module);
/// Turns the gradients of all parameters below `module` on or off.
void set_trainable(Module& module, bool trainable);

/// What a forward pass needs besides its input. `key` names the random stream; at("name") is the context of a part.
struct Context {
  bool training = false;
  RandomKey key;
  DType dtype = DType::f32;  ///< of activations: f32, bf16 or f64

  Context at(std::string_view part) const { return {training, key.at(part), dtype}; }
};

}  // namespace triad::nn
