// Collectives as lists of exchanges between pairs of ranks: pure functions of rank and sizes, which a transport carries out
// and a model of a network replays (docs/scaling.md).
//
// Sums over a power of two of ranks are a fixed binary tree: rank r meets r^1 first, then r^2, r^4, …, so that the sum of 8
// ranks is ((0+1)+(2+3))+((4+5)+(6+7)), whichever rank adds. Over other numbers they go around a ring: the sum of part c is
// (…(c+1 + c+2) + …) + c.
#pragma once

#include <cstdint>
#include <vector>

namespace triad::comm {

/// Elements first..first+count of a buffer.
struct Range {
  int64_t first = 0, count = 0;

  friend bool operator==(const Range&, const Range&) = default;
};

/// What a rank does at one point of a collective: it sends ranges of what it has to one rank while it receives ranges from
/// one. Either may be missing. No range is empty.
struct Exchange {
  static constexpr int kNone = -1;

  int to = kNone;
  std::vector<Range> sent{};  ///< of the buffer that is read
  int from = kNone;
  std::vector<Range> received{};  ///< of the buffer that is written
  bool reduces = false;           ///< what is received is added to what is there; else it replaces it
};

using Plan = std::vector<Exchange>;

/// Where the part of each rank begins and how long it is, one after the other.
std::vector<Range> parts_of(const std::vector<int64_t>& counts);
/// `count` elements cut into `parts` parts whose sizes differ by at most 1.
std::vector<Range> even_parts(int64_t count, int parts);

// The plan of `rank`; parts[r] belongs to rank r.

/// Part `rank` ends as the reduction over all ranks.
Plan plan_reduce_scatter(int rank, const std::vector<Range>& parts);
/// Every part ends as what its rank has there.
Plan plan_all_gather(int rank, const std::vector<Range>& parts);
/// All `count` elements end as the reduction. At or below `kAtOnce` elements every exchange carries all of them, which takes
/// half as many exchanges; the sum is the same tree.
Plan plan_all_reduce(int rank, int size, int64_t count);
inline constexpr int64_t kAtOnce = 4096;
/// A binomial tree below `root`.
Plan plan_broadcast(int rank, int size, int root, int64_t count);
/// sent[r] goes to rank r, received[r] comes from it; the first exchange is with the rank itself.
Plan plan_all_to_all(int rank, const std::vector<Range>& sent, const std::vector<Range>& received);
/// Of one element that nobody looks at: when a rank has received the last one, all ranks have sent.
Plan plan_barrier(int rank, int size);

}  // namespace triad::comm
