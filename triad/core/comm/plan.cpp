#include "triad/core/comm/plan.h"

#include <algorithm>
#include <bit>
#include <cstddef>

namespace triad::comm {
namespace {

bool is_power_of_two(int n) { return std::has_single_bit(static_cast<unsigned>(n)); }

/// Appends a range, joined to the one before where it goes on from that.
void append(std::vector<Range>& ranges, const Range& next) {
  if (next.count == 0) return;
  if (!ranges.empty() && ranges.back().first + ranges.back().count == next.first) ranges.back().count += next.count;
  else ranges.push_back(next);
}

/// An exchange with nothing to send or receive on one side has no rank there.
void append(Plan& plan, Exchange exchange) {
  if (exchange.sent.empty()) exchange.to = Exchange::kNone;
  if (exchange.received.empty()) exchange.from = Exchange::kNone;
  if (!exchange.sent.empty() || !exchange.received.empty()) plan.push_back(std::move(exchange));
}

std::vector<Range> range(const Range& r) { return r.count > 0 ? std::vector<Range>{r} : std::vector<Range>{}; }

/// The parts of the ranks whose lowest bits, those in `mask`, are those of `rank`; in order of place.
std::vector<Range> parts_alike(const std::vector<Range>& parts, int rank, int mask) {
  std::vector<Range> alike;
  for (int r = 0; r < static_cast<int>(parts.size()); ++r) {
    if ((r & mask) == (rank & mask)) alike.push_back(parts[static_cast<size_t>(r)]);
  }
  std::ranges::sort(alike, {}, &Range::first);
  std::vector<Range> joined;
  for (const Range& part : alike) append(joined, part);
  return joined;
}

Plan halving(int rank, const std::vector<Range>& parts) {
  Plan plan;
  const int size = static_cast<int>(parts.size());
  for (int distance = 1; distance < size; distance *= 2) {
    const int partner = rank ^ distance, mask = 2 * distance - 1;
    append(plan, {.to = partner,
                  .sent = parts_alike(parts, partner, mask),
                  .from = partner,
                  .received = parts_alike(parts, rank, mask),
                  .reduces = true});
  }
  return plan;
}

Plan doubling(int rank, const std::vector<Range>& parts) {
  Plan plan;
  for (int distance = static_cast<int>(parts.size()) / 2; distance >= 1; distance /= 2) {
    const int partner = rank ^ distance, mask = 2 * distance - 1;
    append(plan, {.to = partner,
                  .sent = parts_alike(parts, rank, mask),
                  .from = partner,
                  .received = parts_alike(parts, partner, mask)});
  }
  return plan;
}

/// Steps around a ring: in step s, part (rank - s - lag) goes to the next rank and the one before that comes in.
Plan ring(int rank, const std::vector<Range>& parts, int lag, bool reduces) {
  Plan plan;
  const int size = static_cast<int>(parts.size());
  const auto part = [&](int index) { return range(parts[static_cast<size_t>((index % size + size) % size)]); };
  for (int s = 0; s < size - 1; ++s)
    append(plan, {.to = (rank + 1) % size,
                  .sent = part(rank - s - lag),
                  .from = (rank + size - 1) % size,
                  .received = part(rank - 1 - s - lag),
                  .reduces = reduces});
  return plan;
}

int reversed_bits(int value, int size) {
  int reversed = 0;
  for (int bit = 1; bit < size; bit *= 2) reversed = 2 * reversed + ((value & bit) != 0 ? 1 : 0);
  return reversed;
}

}  // namespace

std::vector<Range> parts_of(const std::vector<int64_t>& counts) {
  std::vector<Range> parts;
  int64_t first = 0;
  for (const int64_t count : counts) {
    parts.push_back({first, count});
    first += count;
  }
  return parts;
}

std::vector<Range> even_parts(int64_t count, int parts) {
  std::vector<Range> even;
  for (int64_t i = 0; i < parts; ++i) {
    const int64_t first = count * i / parts;
    even.push_back({first, count * (i + 1) / parts - first});
  }
  return even;
}

Plan plan_reduce_scatter(int rank, const std::vector<Range>& parts) {
  return is_power_of_two(static_cast<int>(parts.size())) ? halving(rank, parts) : ring(rank, parts, 1, true);
}

Plan plan_all_gather(int rank, const std::vector<Range>& parts) {
  return is_power_of_two(static_cast<int>(parts.size())) ? doubling(rank, parts) : ring(rank, parts, 0, false);
}

Plan plan_all_reduce(int rank, int size, int64_t count) {
  if (count == 0) return {};
  const bool tree = is_power_of_two(size);
  if (tree && count <= kAtOnce) {
    Plan plan;
    for (int distance = 1; distance < size; distance *= 2)
      plan.push_back({.to = rank ^ distance,
                      .sent = {{0, count}},
                      .from = rank ^ distance,
                      .received = {{0, count}},
                      .reduces = true});
    return plan;
  }
  const std::vector<Range> even = even_parts(count, size);
  std::vector<Range> parts;
  // In a halving, the ranks that meet first keep parts that differ in the lowest bit: reversed, each half is one range.
  for (int r = 0; r < size; ++r) parts.push_back(even[static_cast<size_t>(tree ? reversed_bits(r, size) : r)]);
  Plan plan = plan_reduce_scatter(rank, parts);
  const Plan gather = plan_all_gather(rank, parts);
  plan.insert(plan.end(), gather.begin(), gather.end());
  return plan;
}

Plan plan_broadcast(int rank, int size, int root, int64_t count) {
  Plan plan;
  const int place = (rank - root + size) % size;  // in the tree
  const auto rank_at = [&](int other) { return (other + root) % size; };
  const std::vector<Range> all = range({0, count});
  int distance = 1;
  for (; distance < size; distance *= 2) {
    if ((place & distance) == 0) continue;
    append(plan, {.from = rank_at(place - distance), .received = all});
    break;
  }
  for (distance /= 2; distance >= 1; distance /= 2) {
    if (place + distance < size) append(plan, {.to = rank_at(place + distance), .sent = all});
  }
  return plan;
}

Plan plan_all_to_all(int rank, const std::vector<Range>& sent, const std::vector<Range>& received) {
  Plan plan;
  const int size = static_cast<int>(sent.size());
  for (int s = 0; s < size; ++s) {
    const int to = (rank + s) % size, from = (rank + size - s) % size;
    append(plan, {.to = to,
                  .sent = range(sent[static_cast<size_t>(to)]),
                  .from = from,
                  .received = range(received[static_cast<size_t>(from)])});
  }
  return plan;
}

Plan plan_barrier(int rank, int size) {
  Plan plan;
  for (int distance = 1; distance < size; distance *= 2)
    plan.push_back({.to = (rank + distance) % size,
                    .sent = {{0, 1}},
                    .from = (rank + size - distance) % size,
                    .received = {{1, 1}}});
  return plan;
}

}  // namespace triad::comm
