#include "triad/core/comm/checked.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <map>

#include "triad/core/base/hash.h"

namespace triad::comm {
namespace {

constexpr size_t kTextBytes = 256;

/// What a rank is about to do, in a form that travels.
struct Record {
  std::array<char, kTextBytes> text{};  ///< for the message
  uint64_t hash = 0;                    ///< of everything

  bool operator==(const Record& other) const { return hash == other.hash; }
};

/// In an all_to_all every rank has counts of its own; see check_deliveries().
bool counts_are_common(CollectiveKind kind) { return kind != CollectiveKind::all_to_all; }

Record record_of(const Collective& c, int64_t call) {
  const std::string text = str("call ", call, ": ", c, ", ", name_of(c.reduction));
  Fnv1a hash;
  hash.add(call).add(name_of(c.kind)).add(name_of(c.reduction)).add(name_of(c.wire)).add(int64_t{c.root});
  hash.add(c.out.defined() ? name_of(c.out.dtype()) : "")
      .add(c.name)
      .add(c.where.file_name())
      .add(int64_t{c.where.line()});
  if (counts_are_common(c.kind)) {
    hash.add(c.out.defined() ? c.out.numel() : 0);
    for (const int64_t count : c.out_counts) hash.add(count);
  }
  Record record{.hash = hash.value()};
  text.copy(record.text.data(), kTextBytes - 1);
  return record;
}

/// "rank 2 is at …, ranks 0, 1, 3 are at …".
std::string difference(const std::vector<Record>& records) {
  std::map<uint64_t, std::vector<size_t>> groups;
  for (size_t r = 0; r < records.size(); ++r) groups[records[r].hash].push_back(r);
  std::vector<std::vector<size_t>> sorted;
  for (auto& [hash, ranks] : groups) sorted.push_back(std::move(ranks));
  std::ranges::sort(sorted, [](const auto& a, const auto& b) {
    return std::pair(a.size(), a.front()) < std::pair(b.size(), b.front());  // who is alone comes first
  });
  std::string text;
  for (const std::vector<size_t>& ranks : sorted) {
    text += text.empty() ? "" : "; ";
    text += ranks.size() == 1 ? "rank " : "ranks ";
    for (size_t i = 0; i < ranks.size(); ++i) text += str(i > 0 ? ", " : "", ranks[i]);
    text += str(ranks.size() == 1 ? " is at " : " are at ", records[ranks.front()].text.data());
  }
  return text;
}

/// The exchange that precedes a collective.
Collective gather_for(const Collective& c, const Tensor& all, const std::vector<int64_t>& counts, std::string name) {
  return with_memory({.kind = CollectiveKind::all_gather,
                      .out = all,
                      .out_counts = counts,
                      .wire = all.dtype(),
                      .name = std::move(name),
                      .timeout = c.timeout,
                      .where = c.where});
}

}  // namespace

Checked::Checked(Communicator& inner, int64_t most)
    : Communicator(inner.rank(), inner.size()), inner_(inner), most_(most) {
  set_timeout(inner.timeout());
}

Work Checked::start(const Collective& c) {
  if (calls_ >= most_) return inner_.start(c);
  constexpr auto kBytes = static_cast<int64_t>(sizeof(Record));
  Tensor all = zeros({size() * kBytes}, DType::u8);
  const Record own = record_of(c, calls_++);
  std::memcpy(all.mutable_data<uint8_t>() + rank() * kBytes, &own, sizeof own);
  const std::vector<int64_t> counts(static_cast<size_t>(size()), kBytes);
  inner_.start(gather_for(c, all, counts, "comparison of what is called")).wait();
  std::vector<Record> records(static_cast<size_t>(size()));
  std::memcpy(records.data(), all.data<uint8_t>(), records.size() * sizeof(Record));
  if (!std::ranges::all_of(records, [&](const Record& r) { return r == own; })) {
    const std::string what = difference(records);
    inner_.abort(what);
    fail<MismatchError>("ranks call different things", what);
  }
  if (c.kind == CollectiveKind::all_to_all) check_deliveries(c);
  return inner_.start(c);
}

void Checked::check_deliveries(const Collective& c) {
  const auto ranks = static_cast<size_t>(size());
  Tensor all = zeros({size(), 2, size()}, DType::i64);
  int64_t* own = all.mutable_data<int64_t>() + static_cast<size_t>(rank()) * 2 * ranks;
  std::ranges::copy(c.in_counts, own);
  std::ranges::copy(c.out_counts, own + ranks);
  inner_.start(gather_for(c, all, std::vector<int64_t>(ranks, 2 * size()), "comparison of counts")).wait();
  const int64_t* counts = all.data<int64_t>();
  for (size_t from = 0; from < ranks; ++from) {
    for (size_t to = 0; to < ranks; ++to) {
      const int64_t sent = counts[from * 2 * ranks + to], expected = counts[(2 * to + 1) * ranks + from];
      if (sent == expected) continue;
      const std::string what =
          str("rank ", from, " sends ", sent, " elements to rank ", to, ", which expects ", expected);
      inner_.abort(what);
      fail<MismatchError>(str(c), what);
    }
  }
}

}  // namespace triad::comm
