// The harness must fail on broken ops, or its silence means nothing.
#include <cmath>

#include <gtest/gtest.h>

#include "tests/harness/guarded_allocator.h"
#include "tests/harness/heap_watch.h"
#include "tests/harness/op_check.h"
#include "triad/autograd/autograd.h"
#include "triad/core/cpu/parallel.h"
#include "triad/core/tensor/views.h"
#include "triad/ops/elementwise/binary.h"
#include "triad/ops/elementwise/unary.h"
#include "triad/ops/reduce/sum.h"
#include "triad/ops/registry/comparison.h"

namespace triad {
namespace {

using harness::Report;
using ops::OpSpec;
using ops::Sample;
using ops::SampleMaker;
using ops::Tensors;

/// y = x^2 * w, with a derivative that can be broken on purpose.
struct Derivative {
  double scale = 1;
  bool misses_a_term = false;
  bool is_nan = false;
};

Tensor weighted_square(const Tensor& x, const Tensor& w, Derivative how) {
  const Tensor y = ops::square(x.detach()) * w.detach();
  return record("weighted_square", {x, w}, y, {x, w}, [how](const Backward& b) -> Gradients {
    Tensor dx = b.dy() * b.saved(0) * b.saved(1) * (2 * how.scale);
    if (how.is_nan) dx = dx * std::nan("");
    return {dx, how.misses_a_term ? Tensor() : b.dy() * ops::square(b.saved(0))};
  });
}

OpSpec spec_of(std::function<Tensor(const Tensor&, const Tensor&)> op) {
  OpSpec spec{
      .name = "weighted_square", .dtypes = {DType::f32, DType::f64}, .no_derivative = {}, .samples = {}, .errors = {}};
  spec.samples = [op](SampleMaker& make) {
    return std::vector<Sample>{{.label = "plain",
                                .inputs = {make.normal({3, 5}), make.normal({3, 5})},
                                .run = [op](std::span<const Tensor> in) -> Tensors { return {op(in[0], in[1])}; },
                                .reference = [](std::span<const Tensor> in) -> Tensors {
                                  return {ops::square(in[0].detach()) * in[1].detach()};
                                }}};
  };
  spec.errors = [] {
    return std::vector<ops::ErrorSample>{{"shapes", [] { ops::add(zeros({2}), zeros({3})); },
                                          "add: shapes [2] and [3] do not broadcast: axis -1 is 2 against 3\n"
                                          "  hint: extents must be equal or 1, counted from the last axis"}};
  };
  return spec;
}

OpSpec with_derivative(Derivative how) {
  return spec_of([how](const Tensor& x, const Tensor& w) { return weighted_square(x, w, how); });
}

TEST(HarnessProof, ARightOpPassesEveryCheck) {
  const OpSpec spec = with_derivative({});
  for (const auto check :
       {harness::check_values, harness::check_views, harness::check_gradient, harness::check_gradient_dtypes,
        harness::check_gradients_alone, harness::check_differentiability, harness::check_allocation,
        harness::check_guard_zones, harness::check_threads, harness::check_missing_inputs, harness::check_errors}) {
    const Report report = check(spec);
    EXPECT_TRUE(report.passed()) << report.text();
  }
}

TEST(HarnessProof, ADerivativeScaledByThreeFails) {
  EXPECT_FALSE(harness::check_gradient(with_derivative({.scale = 3})).passed());
}

TEST(HarnessProof, AMissingTermOfTheDerivativeFails) {
  EXPECT_FALSE(harness::check_gradient(with_derivative({.misses_a_term = true})).passed());
}

// The gradient of a mean is small everywhere, so that a tolerance for numbers around 1 would let zeros pass.
TEST(HarnessProof, AZeroDerivativeIn16BitsFails) {
  for (const DType dtype : {DType::f16, DType::bf16}) {
    for (const bool broken : {false, true}) {
      OpSpec spec = spec_of(nullptr);
      spec.dtypes = {dtype};
      spec.samples = [broken](SampleMaker& make) {
        const auto mean = [broken](const Tensor& x) {
          return record("mean", {x}, ops::mean(x.detach()), {x}, [broken](const Backward& b) -> Gradients {
            const Tensor& like = b.saved(0);
            const double share = broken && like.dtype() != DType::f64 ? 0 : 1 / static_cast<double>(like.numel());
            return {contiguous(views::expand(b.dy() * share, like.shape()))};
          });
        };
        return std::vector<Sample>{
            {.label = "long",
             .inputs = {make.normal({5000})},
             .run = [=](std::span<const Tensor> in) -> Tensors { return {mean(in[0])}; },
             .reference = [=](std::span<const Tensor> in) -> Tensors { return {mean(in[0].detach())}; }}};
      };
      const Report report = harness::check_gradient_dtypes(spec);
      EXPECT_EQ(report.passed(), !broken) << dtype << ": " << report.text();
    }
  }
}

TEST(HarnessProof, ANaNDerivativeFails) {
  EXPECT_FALSE(harness::check_gradient(with_derivative({.is_nan = true})).passed());
}

// A softmax whose derivative is three times too large has zero gradient under loss = sum(y): only a random cotangent
// can see the fault.
TEST(HarnessProof, TheCotangentIsNotConstant) {
  OpSpec spec = spec_of(nullptr);
  spec.samples = [](SampleMaker& make) {
    const auto softmax = [](const Tensor& x, double scale) {
      std::vector<double> e = x.to_vector<double>();
      double sum = 0;
      for (double& v : e) sum += v = std::exp(v);
      for (double& v : e) v /= sum;
      const Tensor y = clone_as(from_values(e, x.shape()), x.dtype());
      return record("softmax", {x}, y, {y}, [scale](const Backward& b) -> Gradients {
        const Tensor& out = b.saved(0);
        const auto dy = b.dy().to_vector<double>(), p = out.to_vector<double>();
        double dot = 0;
        for (size_t i = 0; i < dy.size(); ++i) dot += dy[i] * p[i];
        return {out * (b.dy() - dot) * scale};
      });
    };
    return std::vector<Sample>{
        {.label = "row",
         .inputs = {make.normal({6})},
         .run = [=](std::span<const Tensor> in) -> Tensors { return {softmax(in[0], 3)}; },
         .reference = [=](std::span<const Tensor> in) -> Tensors { return {softmax(in[0].detach(), 1)}; }}};
  };
  EXPECT_TRUE(harness::check_values(spec).passed());
  EXPECT_FALSE(harness::check_gradient(spec).passed());
}

TEST(HarnessProof, AGradientThatNeedsAnotherFails) {
  for (const bool tied : {false, true}) {
    const OpSpec spec = spec_of([tied](const Tensor& x, const Tensor& w) {
      const Tensor y = weighted_square(x.detach(), w.detach(), {});
      return record("weighted_square", {x, w}, y, {x, w}, [tied](const Backward& b) -> Gradients {
        const Tensor dw = b.needs(0) || !tied ? b.dy() * ops::square(b.saved(0)) : Tensor();
        return {b.dy() * b.saved(0) * b.saved(1) * 2.0, dw};
      });
    });
    EXPECT_TRUE(harness::check_gradient(spec).passed());
    const Report report = harness::check_gradients_alone(spec);
    EXPECT_EQ(report.passed(), !tied) << report.text();
  }
}

TEST(HarnessProof, SamplesThatAreAllTameFail) {
  const OpSpec tame = with_derivative({});
  EXPECT_EQ(harness::check_samples(tame).text(), "no sample with an empty tensor\nno sample with an infinity or NaN\n");
  OpSpec wild = tame;
  wild.samples = [samples = tame.samples](SampleMaker& make) {
    std::vector<Sample> all = samples(make);
    for (const Shape& shape : {Shape{0, 3}, Shape{3, 5}}) {
      all.push_back(all.front());
      all.back().inputs = {make.hostile(shape), make.normal(shape)};
    }
    return all;
  };
  EXPECT_TRUE(harness::check_samples(wild).passed()) << harness::check_samples(wild).text();
  EXPECT_TRUE(harness::check_gradient(wild).passed()) << "finite differences at NaN";
}

TEST(HarnessProof, ANaNOutputFails) {
  const OpSpec spec = spec_of([](const Tensor& x, const Tensor& w) {
    Tensor y = weighted_square(x, w, {}).detach();
    if (y.dtype() == DType::f32) y.mutable_data<float>()[3] = std::nanf("");
    return y;
  });
  EXPECT_FALSE(harness::check_values(spec).passed());
}

TEST(HarnessProof, IgnoringStridesFails) {
  const OpSpec spec = spec_of([](const Tensor& x, const Tensor& w) {
    Tensor dense(x.storage(), x.dtype(), x.shape(), contiguous_strides(x.shape()), x.offset());
    return weighted_square(dense, w, {});
  });
  EXPECT_TRUE(harness::check_values(spec).passed());
  EXPECT_FALSE(harness::check_views(spec).passed());
}

TEST(HarnessProof, CuttingTheGraphFails) {
  const OpSpec spec =
      spec_of([](const Tensor& x, const Tensor& w) { return weighted_square(x.detach(), w.detach(), {}); });
  EXPECT_FALSE(harness::check_differentiability(spec).passed());
}

TEST(HarnessProof, RefusingAGradientThatIsClaimedFails) {
  const OpSpec spec = spec_of([](const Tensor& x, const Tensor& w) {
    refuse_gradient("weighted_square", {x, w}, "to prove the harness");
    return weighted_square(x, w, {});
  });
  EXPECT_FALSE(harness::check_differentiability(spec).passed());
}

TEST(HarnessProof, WritingAnInputFails) {
  const OpSpec spec = spec_of([](const Tensor& x, const Tensor& w) {
    const Tensor y = weighted_square(x, w, {});
    Tensor alias = x.detach();
    memory_ops(kCpu).fill(alias.mutable_memory(), 0);
    return y;
  });
  EXPECT_FALSE(harness::check_values(spec).passed());
}

TEST(HarnessProof, GrowingMemoryFails) {
  static Tensors kept;
  const OpSpec spec = spec_of([](const Tensor& x, const Tensor& w) {
    kept.push_back(zeros({100}));
    return weighted_square(x, w, {});
  });
  EXPECT_FALSE(harness::check_allocation(spec).passed());
  kept.clear();
}

TEST(HarnessProof, DataFromTheHeapFails) {
  if (!harness::watches_heap()) GTEST_SKIP() << "the sanitizer has an operator new of its own";
  const OpSpec spec = spec_of([](const Tensor& x, const Tensor& w) {
    std::vector<float> scratch(5000);
    scratch[static_cast<size_t>(x.numel())] = 1;
    return weighted_square(x, w, {}) + static_cast<double>(scratch[0]);
  });
  EXPECT_FALSE(harness::check_allocation(spec).passed());
}

TEST(HarnessProof, AWriteBehindTheOutputFails) {
  const OpSpec spec = spec_of([](const Tensor& x, const Tensor& w) {
    Tensor y = weighted_square(x, w, {}).detach();
    auto* bytes = static_cast<std::byte*>(y.mutable_raw_data());
    bytes[static_cast<size_t>(y.numel()) * size_of(y.dtype())] = std::byte{1};
    return y;
  });
  EXPECT_FALSE(harness::check_guard_zones(spec).passed());
}

TEST(HarnessProof, ReadingUninitialisedMemoryFails) {
  const OpSpec spec = spec_of([](const Tensor& x, const Tensor& w) {
    const Tensor scratch = empty_like(x);
    return weighted_square(x, w, {}) + scratch * 0;
  });
  EXPECT_FALSE(harness::check_guard_zones(spec).passed());
}

TEST(HarnessProof, ADerivativeThatReadsUninitialisedMemoryFails) {
  for (const bool reads : {false, true}) {
    const OpSpec spec = spec_of([reads](const Tensor& x, const Tensor& w) {
      const Tensor y = weighted_square(x.detach(), w.detach(), {});
      return record("weighted_square", {x, w}, y, {x, w}, [reads](const Backward& b) -> Gradients {
        const Tensor dx = b.dy() * b.saved(0) * b.saved(1) * 2.0, dw = b.dy() * ops::square(b.saved(0));
        return {reads ? dx + empty_like(dx) * 0.0 : dx, dw};
      });
    });
    const Report report = harness::check_guard_zones(spec);
    EXPECT_EQ(report.passed(), !reads) << report.text();
  }
}

TEST(HarnessProof, ACopyThatCallsItselfAViewFails) {
  for (const bool copies : {false, true}) {
    OpSpec spec = spec_of(nullptr);
    spec.is_view = true;
    spec.samples = [copies](SampleMaker& make) {
      const auto transposed = [](const Tensor& x) { return views::transpose(x.detach(), 0, 1); };
      return std::vector<Sample>{
          {.label = "matrix",
           .inputs = {make.normal({2, 3})},
           .run = [=](std::span<const Tensor> in) -> Tensors {
             return {copies ? contiguous(transposed(in[0])) : transposed(in[0])};
           },
           .reference = [=](std::span<const Tensor> in) -> Tensors { return {transposed(in[0])}; }}};
    };
    EXPECT_EQ(harness::check_values(spec).passed(), !copies);
    EXPECT_EQ(harness::check_views(spec).passed(), !copies);
  }
}

TEST(HarnessProof, ResultsThatDependOnTheThreadsFail) {
  const OpSpec spec =
      spec_of([](const Tensor& x, const Tensor& w) { return weighted_square(x, w, {}) + 1e-6 * cpu::num_threads(); });
  EXPECT_FALSE(harness::check_threads(spec).passed());
}

TEST(HarnessProof, AWrongErrorTextFails) {
  OpSpec spec = with_derivative({});
  spec.errors = [] {
    return std::vector<ops::ErrorSample>{{"shapes", [] { ops::add(zeros({2}), zeros({3})); }, "add: some other text"}};
  };
  EXPECT_FALSE(harness::check_errors(spec).passed());
  spec.errors = [] { return std::vector<ops::ErrorSample>{{"nothing", [] {}, "an error"}}; };
  EXPECT_FALSE(harness::check_errors(spec).passed());
}

TEST(HarnessProof, AnOpThatNeverRunsFails) {
  OpSpec spec = with_derivative({});
  spec.samples = [](SampleMaker&) { return std::vector<Sample>{}; };
  for (const auto check : {harness::check_values, harness::check_views, harness::check_gradient,
                           harness::check_gradient_dtypes, harness::check_differentiability, harness::check_allocation,
                           harness::check_guard_zones, harness::check_threads}) {
    EXPECT_EQ(check(spec).text(), "nothing was compared");
    EXPECT_FALSE(check(spec).passed());
  }
}

/// The samples of a right op, changed.
template <class Change>
OpSpec with_samples(const Change& change) {
  OpSpec spec = with_derivative({});
  spec.samples = [change, samples = spec.samples](SampleMaker& make) {
    std::vector<Sample> all = samples(make);
    for (Sample& sample : all) change(sample, make);
    return all;
  };
  return spec;
}

TEST(HarnessProof, ADerivativeWithoutASmoothSampleFails) {
  const OpSpec spec = with_samples([](Sample& sample, SampleMaker&) { sample.check_gradient = false; });
  EXPECT_EQ(harness::check_gradient(spec).text(), "nothing was compared");
}

TEST(HarnessProof, SamplesWithoutElementsFail) {
  const OpSpec spec = with_samples(
      [](Sample& sample, SampleMaker& make) { sample.inputs = {make.normal({0, 3}), make.normal({0, 3})}; });
  for (const auto check : {harness::check_values, harness::check_views, harness::check_gradient,
                           harness::check_gradient_dtypes, harness::check_guard_zones, harness::check_threads}) {
    EXPECT_EQ(check(spec).text(), "nothing was compared");
  }
}

TEST(HarnessProof, ADerivativeWithoutAFloatingInputFails) {
  OpSpec spec = with_samples(
      [](Sample& sample, SampleMaker& make) { sample.inputs = {make.indices({3, 5}, 4), make.indices({3, 5}, 4)}; });
  for (const auto check : {harness::check_gradient, harness::check_gradient_dtypes, harness::check_differentiability})
    EXPECT_EQ(check(spec).text(), "nothing was compared");
}

TEST(HarnessProof, AnotherErrorForAMissingInputFails) {
  EXPECT_FALSE(harness::check_missing_inputs(spec_of([](const Tensor& x, const Tensor& w) {
                 if (!w.defined()) throw std::logic_error("w");
                 return weighted_square(x, w, {});
               })).passed());
}

TEST(HarnessProof, WritesCountedByEveryTaskFail) {
  EXPECT_FALSE(harness::check_threads(spec_of([](const Tensor& x, const Tensor& w) {
                 Tensor y = weighted_square(x, w, {});
                 for (int task = 0; task < 20; ++task) y.mutable_raw_data();
                 return y;
               })).passed());
}

TEST(HarnessProof, AnOpWithoutErrorSamplesSaysWhy) {
  OpSpec spec = with_derivative({});
  spec.errors = [] { return std::vector<ops::ErrorSample>{}; };
  EXPECT_FALSE(harness::check_errors(spec).passed());
  spec.no_errors = "it takes everything";
  EXPECT_TRUE(harness::check_errors(spec).passed());
  spec.errors = with_derivative({}).errors;
  EXPECT_FALSE(harness::check_errors(spec).passed());
}

TEST(Compare, NaNAndInfinityMatchOnlyThemselves) {
  const Tensor nan = full({1}, std::nan("")), one = full({1}, 1), inf = full({1}, INFINITY);
  EXPECT_FALSE(ops::compare(nan, one, 1e9).passed);
  EXPECT_FALSE(ops::compare(one, nan, 1e9).passed);
  EXPECT_TRUE(ops::compare(nan, nan, 0).passed);
  EXPECT_FALSE(ops::compare(inf, one, 1e9).passed);
  EXPECT_FALSE(ops::compare(one, inf, 1e9).passed);
  EXPECT_FALSE(ops::compare(full({1}, -INFINITY), inf, 1e9).passed);
  EXPECT_FALSE(ops::compare(Tensor(), one, 1e9).passed);
  EXPECT_FALSE(ops::compare(full({2}, 1), one, 1e9).passed);
}

TEST(Compare, ToleranceIsRelativeToTheTensor) {
  const Tensor small = full({3}, 2e-4);
  EXPECT_FALSE(ops::compare(zeros({3}), small, 0.02).passed);
  EXPECT_TRUE(ops::compare(full({3}, 2.01e-4), small, 0.02).passed);
  EXPECT_TRUE(ops::compare(full({3}, 1e-7), zeros({3}), 0.02).passed) << "rounding beside zeros";
  const Tensor large = from_values({1e6, 0.0}, {2});
  EXPECT_FALSE(ops::compare(from_values({1e6, 1.0}, {2}), large, 0.02).passed) << "one large element excuses nothing";
}

TEST(Compare, NothingIsVisible) {
  EXPECT_EQ(ops::compare(zeros({0}), zeros({0}), 0).elements, 0);
  EXPECT_EQ(ops::compare(zeros({2}), zeros({2}), 0).elements, 2);
  EXPECT_EQ(ops::compare_bits(zeros({0}), zeros({0})).elements, 0);
}

}  // namespace
}  // namespace triad
