#include "triad/core/tensor/print.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <vector>

#include "triad/core/tensor/views.h"

namespace triad {
namespace {

/// The ends of an axis that is too long, joined.
Tensor ends_of_axis(const Tensor& t, int axis, int64_t edge) {
  Shape shape = t.shape();
  shape[axis] = 2 * edge;
  Tensor out = empty(shape, t.dtype(), t.device());
  Tensor front = views::slice(out, axis, 0, edge), back = views::slice(out, axis, edge, 2 * edge);
  copy_into(front, views::slice(t, axis, 0, edge));
  copy_into(back, views::slice(t, axis, t.size(axis) - edge, t.size(axis)));
  return out;
}

std::string formatted(const char* format, int precision, double value) {
  char text[64];
  std::snprintf(text, sizeof text, format, precision, value);
  return text;
}

/// One notation for all numbers, so that they compare at a glance.
std::vector<std::string> floating_texts(const std::vector<double>& values, int precision) {
  double largest = 0, smallest = HUGE_VAL;
  bool whole = true;
  for (const double v : values) {
    if (!std::isfinite(v)) continue;
    whole = whole && v == std::floor(v);
    if (v == 0) continue;
    largest = std::max(largest, std::abs(v));
    smallest = std::min(smallest, std::abs(v));
  }
  const bool scientific = largest >= 1e8 || (largest > 0 && smallest < std::pow(10.0, -precision));
  std::vector<std::string> texts;
  for (const double v : values) {
    if (std::isnan(v)) texts.push_back("nan");
    else if (std::isinf(v)) texts.push_back(v > 0 ? "inf" : "-inf");
    else texts.push_back(formatted(scientific ? "%.*e" : "%.*f", whole && !scientific ? 1 : precision, v));
  }
  return texts;
}

std::vector<std::string> texts_of(const Tensor& t, int precision) {
  if (is_floating(t.dtype())) return floating_texts(t.to_vector<double>(), precision);
  std::vector<std::string> texts;
  for (const int64_t v : t.to_vector<int64_t>()) {
    texts.push_back(t.dtype() == DType::boolean ? (v ? "true" : "false") : std::to_string(v));
  }
  return texts;
}

/// Writes nested rows of texts; `cut` says which axes show their ends only.
class Layout {
 public:
  Layout(const Shape& shape, const std::vector<bool>& cut, std::vector<std::string> texts, const PrintOptions& options)
      : shape_(shape), cut_(cut), texts_(std::move(texts)), options_(options) {
    for (const std::string& text : texts_) width_ = std::max(width_, text.size());
  }

  std::string text() {
    if (shape_.empty()) return texts_[0];
    write_axis(0);
    return out_;
  }

 private:
  void write_axis(int axis) {
    const bool row = axis == shape_.rank() - 1;
    std::string indent(static_cast<size_t>(axis) + 2, ' ');
    indent[0] = '\n';
    out_ += '[';
    size_t line_start = out_.size();
    for (int64_t i = 0; i < shape_[axis]; ++i) {
      if (i > 0) out_ += ',';
      if (cut_[static_cast<size_t>(axis)] && i == options_.edge) {
        if (row) out_ += ' ';
        else out_ += indent;
        out_ += "...,";
      }
      if (!row) {
        if (i > 0) out_ += indent;
        write_axis(axis + 1);
        continue;
      }
      if (i > 0 && out_.size() - line_start + width_ + 2 > static_cast<size_t>(options_.line_width)) {
        out_ += indent;
        line_start = out_.size();
      } else if (i > 0) {
        out_ += ' ';
      }
      const std::string& text = texts_[next_++];
      out_.append(width_ - text.size(), ' ').append(text);
    }
    out_ += ']';
  }

  const Shape shape_;
  const std::vector<bool> cut_;
  const std::vector<std::string> texts_;
  const PrintOptions options_;
  size_t width_ = 0, next_ = 0;
  std::string out_;
};

}  // namespace

std::string to_string(const Tensor& t, const PrintOptions& options_in) {
  PrintOptions options = options_in;
  options.edge = std::max<int64_t>(options.edge, 1);
  if (!t.defined()) return "tensor undefined";
  std::string head = str("tensor ", t.dtype(), " ", t.shape());
  if (t.device() != kCpu) head += str(" on ", t.device());
  if (t.requires_grad()) head += ", requires a gradient";
  Tensor shown = t.detach();
  std::vector<bool> cut(static_cast<size_t>(t.rank()), false);
  if (t.numel() > options.threshold) {
    for (int axis = 0; axis < t.rank(); ++axis) {
      if (t.size(axis) <= 2 * options.edge) continue;
      cut[static_cast<size_t>(axis)] = true;
      shown = ends_of_axis(shown, axis, options.edge);
    }
  }
  if (t.numel() == 0) return head + "\n[]";
  return head + "\n" + Layout(shown.shape(), cut, texts_of(shown, options.precision), options).text();
}

std::ostream& operator<<(std::ostream& out, const Tensor& t) { return out << to_string(t); }

}  // namespace triad
