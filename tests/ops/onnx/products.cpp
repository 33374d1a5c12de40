// Matrix products and convolutions.
#include <algorithm>
#include <array>

#include "tests/ops/onnx/operators.h"
#include "tests/ops/onnx/windows.h"
#include "triad/autograd/autograd.h"
#include "triad/ops/activation/silu.h"
#include "triad/ops/conv/conv1d.h"
#include "triad/ops/conv/conv2d.h"
#include "triad/ops/elementwise/binary.h"
#include "triad/ops/elementwise/cast.h"
#include "triad/ops/index/index_select.h"
#include "triad/ops/matmul/matmul.h"
#include "triad/ops/reduce/sum.h"
#include "triad/ops/shape/concat.h"
#include "triad/ops/shape/pad.h"
#include "triad/ops/shape/reshape.h"

namespace triad::onnx {
namespace {

/// NumPy's product: vectors stand for a row or a column that disappears again.
Tensor product(const Tensor& a, const Tensor& b) {
  const Tensor rows = a.rank() == 1 ? ops::unsqueeze(a, 0) : a, columns = b.rank() == 1 ? ops::unsqueeze(b, 1) : b;
  Tensor y = ops::matmul(rows, columns);
  if (b.rank() == 1) y = ops::squeeze(y, -1);
  if (a.rank() == 1) y = ops::squeeze(y, b.rank() == 1 ? -1 : -2);
  return y;
}

Tensors gemm(const NodeCase& c) {
  const Tensor a = c.flag("transA", false) ? ops::transpose(c.in(0), 0, 1) : c.in(0);
  const Tensor b = c.flag("transB", false) ? ops::transpose(c.in(1), 0, 1) : c.in(1);
  const double beta = c.number("beta", 1);
  const Tensor y = ops::matmul(a, b) * c.number("alpha", 1);
  return {c.has(2) ? y + c.in(2) * beta : y};
}

/// x with axes named by letters (a name twice means the diagonal) as a tensor with one axis for each letter of `all`.
Tensor aligned(Tensor x, std::string names, const std::string& all) {
  for (size_t i = 0; i < names.size(); ++i) {
    const size_t twin = names.find(names[i], i + 1);
    if (twin == std::string::npos) continue;
    Axes order;  // the two axes to the end
    for (size_t k = 0; k < names.size(); ++k)
      if (k != i && k != twin) order.push_back(static_cast<int64_t>(k));
    order.push_back(static_cast<int64_t>(i));
    order.push_back(static_cast<int64_t>(twin));
    const int64_t n = x.size(static_cast<int>(i));
    x = ops::index_select(ops::flatten(ops::permute(x, order), -2, -1), -1, counting(n) * static_cast<double>(n + 1));
    const char name = names[i];
    names.erase(twin, 1).erase(i, 1).push_back(name);
    i = static_cast<size_t>(-1);
  }
  Axes order;
  for (const char name : all)
    if (const size_t at = names.find(name); at != std::string::npos) order.push_back(static_cast<int64_t>(at));
  x = ops::permute(x, order);
  for (size_t i = 0; i < all.size(); ++i)
    if (names.find(all[i]) == std::string::npos) x = ops::unsqueeze(x, static_cast<int64_t>(i));
  return x;
}

/// The sum of products, spelled out: every operand stretched over all letters.
Tensors einsum(const NodeCase& c) {
  std::string equation = c.text("equation", "");
  std::erase(equation, ' ');
  const size_t arrow = equation.find("->");
  std::vector<std::string> terms(1);
  for (const char letter : equation.substr(0, arrow)) {
    if (letter == ',') terms.emplace_back();
    else terms.back() += letter;
  }
  // An ellipsis becomes digits: 0 for the last of its axes, 1 for the one before, …
  std::string ellipsis;
  for (size_t i = 0; i < terms.size(); ++i) {
    const size_t at = terms[i].find("...");
    if (at == std::string::npos) continue;
    std::string names;
    for (int k = c.in(i).rank() - static_cast<int>(terms[i].size() - 3) - 1; k >= 0; --k)
      names += static_cast<char>('0' + k);
    if (names.size() > ellipsis.size()) ellipsis = names;
    terms[i].replace(at, 3, names);
  }
  std::string out = arrow == std::string::npos ? "" : equation.substr(arrow + 2);
  if (arrow == std::string::npos) {  // implicit: what stands once, in alphabetical order
    out = "...";
    for (char letter = 'A'; letter <= 'z'; ++letter)
      if (std::count(equation.begin(), equation.end(), letter) == 1) out += letter;
  }
  if (const size_t at = out.find("..."); at != std::string::npos) out.replace(at, 3, ellipsis);
  std::string all = out;
  for (const std::string& term : terms)
    for (const char letter : term)
      if (all.find(letter) == std::string::npos) all += letter;
  Tensor y = aligned(c.in(0), terms[0], all);
  for (size_t i = 1; i < terms.size(); ++i) y = y * aligned(c.in(i), terms[i], all);
  Axes summed;
  for (size_t i = out.size(); i < all.size(); ++i) summed.push_back(static_cast<int64_t>(i));
  return {summed.empty() ? y : ops::sum(y, summed)};
}

/// In f64, where products of bytes are exact.
Tensors integer_product(const NodeCase& c) {
  const auto centred = [&](size_t i) {
    if (c.has(i + 2) && c.in(i + 2).numel() > 1) throw NotExpressible("a zero point for each row");
    const Tensor zero = c.has(i + 2) ? ops::reshape(ops::cast(c.in(i + 2), DType::f64), {}) : zeros({}, DType::f64);
    return ops::cast(c.in(i), DType::f64) - zero;
  };
  return {ops::cast(product(centred(0), centred(1)), DType::i32)};
}

Tensor convolution(const Tensor& x, const Tensor& weight, const Tensor& bias, const std::vector<int64_t>& strides,
                   int64_t groups) {
  if (x.rank() == 3) return ops::conv1d(x, weight, bias, {.stride = strides[0], .groups = groups});
  return ops::conv2d(x, weight, bias, {.stride = {strides[0], strides[1]}, .groups = groups});
}

void require_plain(const NodeCase& c, const Windows& windows) {
  if (c.in(0).rank() > 4) throw NotExpressible("three-dimensional convolution");
  for (const int64_t d : windows.dilations)
    if (d != 1) throw NotExpressible("dilations");
}

Tensors conv(const NodeCase& c) {
  const Windows windows = Windows::of(c, c.in(1).shape());
  require_plain(c, windows);
  const Tensor x = ops::pad(c.in(0), windows.padding(c.in(0).rank()));
  return {convolution(x, c.in(1), c.optional(2), windows.strides, c.integer("group", 1))};
}

/// The derivative of a convolution with respect to its input: what the engine computes backwards.
Tensors conv_transpose(const NodeCase& c) {
  const Tensor dy = c.in(0), weight = c.in(1);
  const int64_t groups = c.integer("group", 1);
  const size_t spatial = static_cast<size_t>(dy.rank()) - 2;
  const auto extra =
      c.has_attribute("output_padding") ? c.integers("output_padding") : std::vector<int64_t>(spatial, 0);
  const auto strides = c.has_attribute("strides") ? c.integers("strides") : std::vector<int64_t>(spatial, 1);
  const auto pads = c.has_attribute("pads") ? c.integers("pads") : std::vector<int64_t>(2 * spatial, 0);
  c.ignore("kernel_shape");  // the weight's
  if (spatial > 2) throw NotExpressible("three-dimensional convolution");
  if (c.has_attribute("output_shape") || c.text("auto_pad", "NOTSET") != "NOTSET") throw NotExpressible("output_shape");
  for (const int64_t d : c.integers("dilations"))
    if (d != 1) throw NotExpressible("dilations");
  Shape shape{dy.size(0), weight.size(1) * groups};
  for (size_t i = 0; i < spatial; ++i) {
    const int axis = static_cast<int>(i) + 2;
    shape.push_back(strides[i] * (dy.size(axis) - 1) + weight.size(axis) + extra[i]);
  }
  const Tensor x = requires_grad(zeros(shape, dy.dtype()));
  backward(convolution(x, weight, {}, strides, groups), dy);
  Tensor y = grad(x);
  for (size_t i = 0; i < spatial; ++i) {
    const int axis = static_cast<int>(i) + 2;
    y = ops::slice(y, axis, pads[i], shape[axis] - pads[i + spatial]);
  }
  if (!c.has(2)) return {y};
  Shape across = Shape::filled(y.rank(), 1);
  across[1] = y.size(1);
  return {y + ops::reshape(c.in(2), across)};
}

/// A depthwise convolution that sees the past only, and what the next call must know of it.
Tensors causal_conv(const NodeCase& c) {
  const Tensor x = c.in(0), weight = c.in(1);
  const int64_t kept = weight.size(2) - 1, channels = x.size(1);
  const Tensor past = c.has(3) ? c.in(3) : zeros({x.size(0), channels, kept}, x.dtype());
  const Tensor whole = ops::concat({past, x}, 2);
  const Tensor y = ops::conv1d(whole, weight, c.optional(2), {.groups = channels});
  const std::string activation = c.text("activation", "none");
  const bool silu = activation == "silu" || activation == "swish";
  if (!silu && activation != "none") throw NotExpressible("activation " + activation);
  return {silu ? ops::silu(y) : y, ops::slice(whole, 2, whole.size(2) - kept, whole.size(2))};
}

}  // namespace

void add_products(OperatorTable& table) {
  table["MatMul"] = [](const NodeCase& c) -> Tensors { return {product(c.in(0), c.in(1))}; };
  table["Gemm"] = gemm;
  table["Einsum"] = einsum;
  table["MatMulInteger"] = integer_product;
  table["Conv"] = conv;
  table["ConvTranspose"] = conv_transpose;
  table["CausalConvWithState"] = causal_conv;
}

}  // namespace triad::onnx
