// oneDNN as it is: one primitive over the whole team, in the layouts it asks for.
#include "triad/bench/kernels/call_execution.h"
#include "triad/bench/kernels/providers.h"
#include "triad/core/cpu/onednn.h"
#include "triad/ops/elementwise/binary.h"
#include "triad/ops/elementwise/cast.h"

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

/// Sequences of one length, weights in the layouts that oneDNN prefers, as its training keeps them over a step. It fills the
/// workspace that its backward pass would read.
class Lstm {
 public:
  Lstm(const Tensors& in, bool reverse) : x_(in[0]) {
    const DType dtype = x_.dtype();
    const int64_t B = x_.size(0), T = x_.size(1), I = x_.size(2), H = in[3].size(1);
    bias_ = ops::cast(in[4], DType::f32) + ops::cast(in[5], DType::f32);
    y_ = empty({B, T, H}, dtype), h_ = empty({B, H}, dtype), c_ = empty({B, H});
    const auto batch_first = [&](int64_t width) {
      return onednn::strided({T, B, width}, dtype, {width, T * width, 1});
    };
    const auto rows_of_gates = [&](int64_t inputs) {
      return onednn::strided({1, 1, inputs, 4, H}, dtype, {4 * H * inputs, 4 * H * inputs, 1, H * inputs, inputs});
    };
    const auto bias = dense({1, 1, 4, H}, DType::f32), h = dense({1, 1, B, H}, dtype),
               c = dense({1, 1, B, H}, DType::f32);  // which bf16 asks for too
    const auto desc =
        onednn::lstm_forward_desc({batch_first(I), onednn::any_layout({1, 1, I, 4, H}, dtype),
                                   onednn::any_layout({1, 1, H, 4, H}, dtype), bias, batch_first(H), h, c, reverse});
    workspace_ = empty({static_cast<int64_t>(desc.workspace_desc().get_size())}, DType::u8);
    const onednn::ArgumentForm form[] = {{DNNL_ARG_SRC_LAYER, false, batch_first(I), desc.src_layer_desc()},
                                         {DNNL_ARG_WEIGHTS_LAYER, false, rows_of_gates(I), desc.weights_layer_desc()},
                                         {DNNL_ARG_WEIGHTS_ITER, false, rows_of_gates(H), desc.weights_iter_desc()},
                                         {DNNL_ARG_BIAS, false, bias, bias},
                                         {DNNL_ARG_DST_LAYER, true, batch_first(H), desc.dst_layer_desc()},
                                         {DNNL_ARG_DST_ITER, true, h, desc.dst_iter_desc()},
                                         {DNNL_ARG_DST_ITER_C, true, c, desc.dst_iter_c_desc()},
                                         {DNNL_ARG_WORKSPACE, true, desc.workspace_desc(), desc.workspace_desc()}};
    primitive_ = std::make_unique<onednn::Primitive>(dnnl::lstm_forward(desc), desc.scratchpad_desc(), form);
    weight_ih_ = primitive_->pack(DNNL_ARG_WEIGHTS_LAYER, in[2].raw_data());
    weight_hh_ = primitive_->pack(DNNL_ARG_WEIGHTS_ITER, in[3].raw_data());
  }

  void run() {
    primitive_->run({{DNNL_ARG_SRC_LAYER, x_.raw_data()},
                     {DNNL_ARG_WEIGHTS_LAYER, nullptr, &weight_ih_.memory},
                     {DNNL_ARG_WEIGHTS_ITER, nullptr, &weight_hh_.memory},
                     {DNNL_ARG_BIAS, bias_.raw_data()},
                     {DNNL_ARG_DST_LAYER, y_.mutable_raw_data()},
                     {DNNL_ARG_DST_ITER, h_.mutable_raw_data()},
                     {DNNL_ARG_DST_ITER_C, c_.mutable_raw_data()},
                     {DNNL_ARG_WORKSPACE, workspace_.mutable_raw_data()}});
  }
  Tensors results() const { return {y_, h_, c_}; }

 private:
  Tensor x_, bias_, y_, h_, c_, workspace_;
  std::unique_ptr<onednn::Primitive> primitive_;
  onednn::Primitive::Packed weight_ih_, weight_hh_;
};

/// y = f(x), element by element or along rows.
class RowFunction {
 public:
  RowFunction(const Tensor& x, const dnnl::primitive& function, const dnnl::memory::desc& scratchpad)
      : x_(x), y_(empty_like(x)) {
    const auto rows = dense(x.shape(), x.dtype());
    const onednn::ArgumentForm form[] = {{DNNL_ARG_SRC, false, rows, rows}, {DNNL_ARG_DST, true, rows, rows}};
    primitive_ = std::make_unique<onednn::Primitive>(function, scratchpad, form);
  }

  void run() { primitive_->run({{DNNL_ARG_SRC, x_.raw_data()}, {DNNL_ARG_DST, y_.mutable_raw_data()}}); }
  Tensors results() const { return {y_}; }

 private:
  Tensor x_, y_;
  std::unique_ptr<onednn::Primitive> primitive_;
};

std::unique_ptr<RowFunction> make_gelu(const Tensor& x, bool tanh) {
  const auto form = tanh ? dnnl::algorithm::eltwise_gelu_tanh : dnnl::algorithm::eltwise_gelu_erf;
  const auto desc = onednn::eltwise_forward_desc(form, dense(x.shape(), x.dtype()));
  return std::make_unique<RowFunction>(x, dnnl::eltwise_forward(desc), desc.scratchpad_desc());
}

std::unique_ptr<RowFunction> make_softmax(const Tensor& x) {
  const auto desc = onednn::softmax_forward_desc(dense(x.shape(), x.dtype()));
  return std::make_unique<RowFunction>(x, dnnl::softmax_forward(desc), desc.scratchpad_desc());
}

/// Keeps mean and variance, as training does.
class LayerNorm {
 public:
  explicit LayerNorm(const Tensors& in)
      : x_(in[0]), weight_(ops::cast(in[1], DType::f32)), bias_(ops::cast(in[2], DType::f32)), y_(empty_like(x_)) {
    constexpr float kEpsilon = 1e-5f;
    const auto rows = dense(x_.shape(), x_.dtype()), row = dense(weight_.shape(), DType::f32);
    const auto desc = onednn::layer_normalization_forward_desc(rows, kEpsilon);
    mean_ = empty({x_.numel() / x_.size(-1)}), variance_ = empty_like(mean_);
    const onednn::ArgumentForm form[] = {{DNNL_ARG_SRC, false, rows, rows},
                                         {DNNL_ARG_SCALE, false, row, row},
                                         {DNNL_ARG_SHIFT, false, row, row},
                                         {DNNL_ARG_DST, true, rows, rows},
                                         {DNNL_ARG_MEAN, true, desc.mean_desc(), desc.mean_desc()},
                                         {DNNL_ARG_VARIANCE, true, desc.variance_desc(), desc.variance_desc()}};
    primitive_ =
        std::make_unique<onednn::Primitive>(dnnl::layer_normalization_forward(desc), desc.scratchpad_desc(), form);
  }

  void run() {
    primitive_->run({{DNNL_ARG_SRC, x_.raw_data()},
                     {DNNL_ARG_SCALE, weight_.raw_data()},
                     {DNNL_ARG_SHIFT, bias_.raw_data()},
                     {DNNL_ARG_DST, y_.mutable_raw_data()},
                     {DNNL_ARG_MEAN, mean_.mutable_raw_data()},
                     {DNNL_ARG_VARIANCE, variance_.mutable_raw_data()}});
  }
  Tensors results() const { return {y_}; }

 private:
  Tensor x_, weight_, bias_, y_, mean_, variance_;
  std::unique_ptr<onednn::Primitive> primitive_;
};

class OneDnn : public Provider {
 public:
  std::string name() const override { return "onednn"; }
  std::unique_ptr<Execution> prepare(const Problem& problem, int64_t sets) override {
    const std::string kernel = problem.kernel.kernel();
    const auto attribute = [&](const char* key) {
      return static_cast<int64_t>(problem.kernel.workload->attributes.at(key));
    };
    const auto executed = [&]<class Make>(const Make& make) -> std::unique_ptr<Execution> {
      using Runner = typename std::invoke_result_t<Make, const Tensors&>::element_type;
      return std::make_unique<CallExecution<Runner>>(problem, sets, make);
    };
    if (kernel == "linear.fwd") return executed([](const Tensors& in) { return std::make_unique<Linear>(in); });
    if (kernel == "layer_norm.fwd") return executed([](const Tensors& in) { return std::make_unique<LayerNorm>(in); });
    if (kernel == "softmax.fwd") return executed([](const Tensors& in) { return make_softmax(in[0]); });
    if (kernel == "gelu.fwd") {
      const bool tanh = attribute("tanh") != 0;
      return executed([=](const Tensors& in) { return make_gelu(in[0], tanh); });
    }
    if (kernel == "conv2d.fwd") {
      const int64_t stride = attribute("stride"), padding = attribute("padding");
      return executed([=](const Tensors& in) { return std::make_unique<Convolution>(in, stride, padding); });
    }
    if (kernel == "lstm.fwd" && !problem.inputs[1].defined()) {
      const bool reverse = attribute("reverse") != 0;
      return executed([=](const Tensors& in) { return std::make_unique<Lstm>(in, reverse); });
    }
    return nullptr;
  }
};

}  // namespace

std::unique_ptr<Provider> make_onednn() { return std::make_unique<OneDnn>(); }

}  // namespace triad::bench
