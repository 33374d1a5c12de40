// oneDNN as it is: one primitive over the whole team, in the layouts it asks for.
#include "triad/bench/kernels/call_execution.h"
#include "triad/bench/kernels/providers.h"
#include "triad/core/cpu/onednn.h"

namespace triad::bench {
namespace {

namespace onednn = cpu::onednn;
using ops::Tensors;

dnnl::memory::desc dense(const Shape& shape, DType dtype) {
  return onednn::strided(shape, dtype, contiguous_strides(shape));
}

/// y = x Wᵀ + bias.
class Linear {
 public:
  explicit Linear(const Tensors& in) : x_(in[0]), bias_(in[2]) {
    const DType dtype = x_.dtype();
    const int64_t rows = x_.size(0), inner = x_.size(1), columns = in[1].size(0);
    y_ = empty({rows, columns}, dtype);
    const auto x = dense({rows, inner}, dtype), y = dense({rows, columns}, dtype),
               weight = onednn::strided({inner, columns}, dtype, {1, inner}), bias = dense({1, columns}, dtype);
    const auto desc = onednn::matmul_desc(x, onednn::any_layout({inner, columns}, dtype),
                                          bias_.defined() ? &bias : nullptr, y, onednn::user_scratchpad());
    std::vector<onednn::ArgumentForm> form = {{DNNL_ARG_SRC, false, x, x},
                                              {DNNL_ARG_WEIGHTS, false, weight, desc.weights_desc()},
                                              {DNNL_ARG_DST, true, y, y}};
    if (bias_.defined()) form.push_back({DNNL_ARG_BIAS, false, bias, bias});
    primitive_ = std::make_unique<onednn::Primitive>(dnnl::matmul(desc), desc.scratchpad_desc(), form);
    packed_ = primitive_->pack(DNNL_ARG_WEIGHTS, in[1].raw_data());
  }

  void run() {
    std::vector<onednn::Argument> arguments = {{DNNL_ARG_SRC, x_.raw_data()},
                                               {DNNL_ARG_WEIGHTS, nullptr, &packed_.memory},
                                               {DNNL_ARG_DST, y_.mutable_raw_data()}};
    if (bias_.defined()) arguments.push_back({DNNL_ARG_BIAS, bias_.raw_data()});
    primitive_->run(arguments);
  }
  Tensors results() const { return {y_}; }

 private:
  Tensor x_, bias_, y_;
  std::unique_ptr<onednn::Primitive> primitive_;
  onednn::Primitive::Packed packed_;
};

/// Pictures, weight and result all in the layouts that oneDNN prefers; only the result is put into rows afterwards, by
/// results().
class Convolution {
 public:
  Convolution(const Tensors& in, int64_t stride, int64_t padding) {
    const DType dtype = in[0].dtype();
    const Shape x = in[0].shape(), w = in[1].shape();
    const auto side = [&](int axis) { return (x[axis] + 2 * padding - w[axis]) / stride + 1; };
    y_shape_ = {x[0], w[0], side(2), side(3)};
    const auto desc = onednn::convolution_forward_desc({onednn::any_layout(x, dtype),
                                                        onednn::any_layout(w, dtype),
                                                        nullptr,
                                                        onednn::any_layout(y_shape_, dtype),
                                                        {stride, stride},
                                                        {padding, padding}});
    const onednn::ArgumentForm outer[] = {{DNNL_ARG_SRC, false, dense(x, dtype), desc.src_desc()},
                                          {DNNL_ARG_WEIGHTS, false, dense(w, dtype), desc.weights_desc()},
                                          {DNNL_ARG_DST, true, dense(y_shape_, dtype), desc.dst_desc()}};
    onednn::Primitive packer(dnnl::convolution_forward(desc), desc.scratchpad_desc(), outer);
    x_ = packer.pack(DNNL_ARG_SRC, in[0].raw_data());
    weight_ = packer.pack(DNNL_ARG_WEIGHTS, in[1].raw_data());
    const onednn::ArgumentForm inner[] = {{DNNL_ARG_SRC, false, desc.src_desc(), desc.src_desc()},
                                          {DNNL_ARG_WEIGHTS, false, desc.weights_desc(), desc.weights_desc()},
                                          {DNNL_ARG_DST, true, desc.dst_desc(), desc.dst_desc()}};
    primitive_ = std::make_unique<onednn::Primitive>(dnnl::convolution_forward(desc), desc.scratchpad_desc(), inner);
    checker_ = std::make_unique<onednn::Primitive>(dnnl::convolution_forward(desc), desc.scratchpad_desc(), outer);
    y_ = empty({static_cast<int64_t>(desc.dst_desc().get_size())}, DType::u8);
    dtype_ = dtype;
  }

  void run() { run(*primitive_, y_.mutable_raw_data()); }
  Tensors results() const {
    Tensor y = empty(y_shape_, dtype_);
    run(*checker_, y.mutable_raw_data());
    return {y};
  }

 private:
  void run(onednn::Primitive& primitive, void* y) const {
    primitive.run(
        {{DNNL_ARG_SRC, nullptr, &x_.memory}, {DNNL_ARG_WEIGHTS, nullptr, &weight_.memory}, {DNNL_ARG_DST, y}});
  }

  Shape y_shape_;
  DType dtype_ = DType::f32;
  std::unique_ptr<onednn::Primitive> primitive_, checker_;
  onednn::Primitive::Packed x_, weight_;
  Tensor y_;
};

class OneDnn : public Provider {
 public:
  std::string name() const override { return "onednn"; }
  std::unique_ptr<Execution> prepare(const Problem& problem, int64_t sets) override {
    const std::string kernel = problem.kernel.kernel();
    if (kernel == "linear.fwd") {
      return std::make_unique<CallExecution<Linear>>(
          problem, sets, [](const Tensors& inputs) { return std::make_unique<Linear>(inputs); });
    }
    if (kernel == "conv2d.fwd") {
      const auto& attributes = problem.kernel.workload->attributes;
      const auto stride = static_cast<int64_t>(attributes.at("stride")),
                 padding = static_cast<int64_t>(attributes.at("padding"));
      return std::make_unique<CallExecution<Convolution>>(
          problem, sets, [=](const Tensors& inputs) { return std::make_unique<Convolution>(inputs, stride, padding); });
    }
    return nullptr;
  }
};

}  // namespace

std::unique_ptr<Provider> make_onednn() { return std::make_unique<OneDnn>(); }

}  // namespace triad::bench
