#include "triad/core/comm/executor.h"

#include <algorithm>
#include <array>

#include "triad/core/comm/reduce.h"

namespace triad::comm {
namespace {

using Transfers = std::vector<std::unique_ptr<Transport::Transfer>>;

/// Bytes of one message: small enough that what comes in is reduced while it lies in the cache and the next one travels.
constexpr int64_t kPiece = 512 * 1024;
constexpr size_t kSlots = 2;

/// Both ranks cut a range into the same pieces.
template <class F>
void for_each_piece(const std::vector<Range>& ranges, int64_t element, const F& f) {
  const int64_t most = kPiece / element;
  for (const Range& range : ranges) {
    for (int64_t done = 0; done < range.count; done += most)
      f(Range{range.first + done, std::min(most, range.count - done)});
  }
}

bool overlap(const std::vector<Range>& a, const std::vector<Range>& b) {
  return std::ranges::any_of(a, [&](const Range& x) {
    return std::ranges::any_of(
        b, [&](const Range& y) { return x.first < y.first + y.count && y.first < x.first + x.count; });
  });
}

void wait_all(Transfers& transfers, Deadline deadline) {
  for (const auto& transfer : transfers) transfer->wait(deadline);
}

}  // namespace

Transfers Executor::send_all(const Exchange& exchange, const Buffers& buffers) {
  Transfers sends;
  const auto element = static_cast<int64_t>(size_of(buffers.dtype));
  for_each_piece(exchange.sent, element, [&](const Range& piece) {
    sends.push_back(transport_.send(
        exchange.to, {buffers.read + piece.first * element, static_cast<size_t>(piece.count * element)}));
  });
  return sends;
}

void Executor::replace(const Exchange& exchange, const Buffers& buffers, Deadline deadline) {
  const auto element = static_cast<int64_t>(size_of(buffers.dtype));
  Transfers receives;
  for_each_piece(exchange.received, element, [&](const Range& piece) {
    receives.push_back(transport_.receive(
        exchange.from, {buffers.written + piece.first * element, static_cast<size_t>(piece.count * element)}));
  });
  Transfers sends = send_all(exchange, buffers);
  wait_all(receives, deadline);
  wait_all(sends, deadline);
}

void Executor::reduce(const Exchange& exchange, const Buffers& buffers, Deadline deadline) {
  const auto element = static_cast<int64_t>(size_of(buffers.dtype));
  std::vector<Range> pieces;
  for_each_piece(exchange.received, element, [&](const Range& piece) { pieces.push_back(piece); });
  const bool overlaps = overlap(exchange.sent, exchange.received);
  require<ValueError>(!overlaps || pieces.size() <= 1, "Executor",
                      "a plan reduces into more than a piece of what it sends");

  scratch_.resize(kSlots * kPiece);
  std::array<std::unique_ptr<Transport::Transfer>, kSlots> receives;
  const auto slot = [&](size_t i) { return scratch_.data() + i % kSlots * kPiece; };
  const auto post = [&](size_t i) {
    if (i < pieces.size())
      receives[i % kSlots] =
          transport_.receive(exchange.from, {slot(i), static_cast<size_t>(pieces[i].count * element)});
  };
  for (size_t i = 0; i < kSlots; ++i) post(i);
  Transfers sends = send_all(exchange, buffers);
  if (overlaps) wait_all(sends, deadline);  // or they would send what has been reduced
  for (size_t i = 0; i < pieces.size(); ++i) {
    receives[i % kSlots]->wait(deadline);
    reduce_into(buffers.dtype, buffers.reduction, buffers.written + pieces[i].first * element, slot(i),
                pieces[i].count);
    post(i + kSlots);
  }
  wait_all(sends, deadline);
}

void Executor::run_plan(const Plan& plan, const Buffers& buffers, Deadline deadline) {
  for (const Exchange& exchange : plan) {
    if (exchange.reduces) reduce(exchange, buffers, deadline);
    else replace(exchange, buffers, deadline);
  }
}

void Executor::run(const Collective& c) {
  const Deadline deadline = std::chrono::steady_clock::now() + c.timeout;
  const int rank = transport_.rank(), size = transport_.size();
  if (c.wire == DType::bf16 && c.out.defined() && c.out.dtype() == DType::f32) return run_on_bf16_wire(c, deadline);

  const Tensor& out = c.out;
  std::array<std::byte, 2> token{};
  auto* written = out.defined() ? static_cast<std::byte*>(c.written) : token.data();
  const auto* read = c.in.defined() ? static_cast<const std::byte*>(c.in.raw_data()) : written;
  const Buffers buffers{read, written, out.defined() ? out.dtype() : DType::u8, c.reduction};
  const auto plan = [&]() -> Plan {
    switch (c.kind) {
      case CollectiveKind::all_reduce: return plan_all_reduce(rank, size, out.numel());
      case CollectiveKind::reduce_scatter: return plan_reduce_scatter(rank, parts_of(c.out_counts));
      case CollectiveKind::all_gather: return plan_all_gather(rank, parts_of(c.out_counts));
      case CollectiveKind::broadcast: return plan_broadcast(rank, size, c.root, out.numel());
      case CollectiveKind::all_to_all: return plan_all_to_all(rank, parts_of(c.in_counts), parts_of(c.out_counts));
      case CollectiveKind::barrier: return plan_barrier(rank, size);
    }
    fail<ValueError>("Executor", "no such collective");
  };
  run_plan(plan(), buffers, deadline);
}

/// Every rank gets the parts of its elements from all others, rounded, and adds them to its own in the order of ranks; an
/// all_reduce then hands the sums around, rounded once more.
void Executor::run_on_bf16_wire(const Collective& c, Deadline deadline) {
  const int rank = transport_.rank(), size = transport_.size();
  const Tensor& x = c.out;
  const bool all = c.kind == CollectiveKind::all_reduce;
  const std::vector<Range> parts = all ? even_parts(x.numel(), size) : parts_of(c.out_counts);
  const Range own = parts[static_cast<size_t>(rank)];

  sent_ = empty({x.numel()}, DType::bf16);
  received_ = empty({size * own.count}, DType::bf16);
  auto *narrowed = sent_.mutable_data<BFloat16>(), *others = received_.mutable_data<BFloat16>();
  auto* values = static_cast<float*>(c.written);
  narrow(values, narrowed, x.numel());
  const std::vector<int64_t> counts(static_cast<size_t>(size), own.count);
  run_plan(
      plan_all_to_all(rank, parts, parts_of(counts)),
      {reinterpret_cast<const std::byte*>(narrowed), reinterpret_cast<std::byte*>(others), DType::bf16, c.reduction},
      deadline);

  const std::vector<float> exact(values + own.first, values + own.first + own.count);
  std::fill_n(values + own.first, own.count, 0.0f);
  for (int r = 0; r < size; ++r) {
    if (r == rank) reduce_into(DType::f32, Reduction::sum, values + own.first, exact.data(), own.count);
    else add_widened(values + own.first, others + r * own.count, own.count);
  }
  if (!all) return;
  narrow(values + own.first, narrowed + own.first, own.count);
  auto* bytes = reinterpret_cast<std::byte*>(narrowed);
  run_plan(plan_all_gather(rank, parts), {bytes, bytes, DType::bf16, c.reduction}, deadline);
  widen(narrowed, values, x.numel());
}

}  // namespace triad::comm
