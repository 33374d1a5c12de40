#include "triad/data/text/sentencepiece_check.h"

#include <cstdint>
#include <cstring>
#include <optional>
#include <vector>

#include "triad/core/base/error.h"

namespace triad::data {
namespace {

// Field numbers of sentencepiece.ModelProto and of its NormalizerSpec.
constexpr uint64_t kTrainer = 2, kNormalizer = 3, kDenormalizer = 5, kCharsMap = 2;

[[noreturn]] void refuse(std::string_view what) { fail<ValueError>("SentencePiece", what); }

/// Fields of a message in protocol-buffer encoding, one after the other.
class Fields {
 public:
  struct Field {
    uint64_t number;
    std::string_view bytes;  ///< empty for numbers
  };

  explicit Fields(std::string_view message) : rest_(message) {}

  std::optional<Field> next() {
    if (rest_.empty()) return std::nullopt;
    const uint64_t key = varint();
    Field field{key >> 3, {}};
    switch (key & 7) {
      case 0: varint(); break;
      case 1: take(8); break;
      case 2: field.bytes = take(varint()); break;
      case 5: take(4); break;
      default: refuse("the model is damaged");
    }
    return field;
  }

 private:
  std::string_view take(uint64_t size) {
    if (size > rest_.size()) refuse("the model is cut off");
    const std::string_view bytes = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return bytes;
  }
  uint64_t varint() {
    uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      const auto byte = static_cast<uint8_t>(take(1).front());
      value |= uint64_t{byte & 0x7Fu} << shift;
      if (byte < 0x80) return value;
    }
    refuse("the model is damaged");
  }

  std::string_view rest_;
};

/// One unit of the trie, a double array as darts-clone lays it out.
struct Unit {
  uint32_t bits;

  uint32_t label() const { return bits & (1u << 31 | 0xFF); }
  uint32_t offset() const { return (bits >> 10) << ((bits & 1u << 9) >> 6); }
  bool has_value() const { return (bits >> 8 & 1) != 0; }
  uint32_t value() const { return bits & ~(1u << 31); }
};

/// What replaces the characters of a text: bytes of a trie, the trie, and the replacements, each ended by a NUL. Walks
/// every path a text can take.
void check_charsmap(std::string_view map) {
  if (map.empty()) return;
  uint32_t trie_bytes = 0;
  if (map.size() <= sizeof trie_bytes) refuse("the table of its normaliser is cut off");
  std::memcpy(&trie_bytes, map.data(), sizeof trie_bytes);
  map.remove_prefix(sizeof trie_bytes);
  if (trie_bytes >= map.size() || trie_bytes < sizeof(Unit)) refuse("the table of its normaliser is cut off");
  std::vector<Unit> units(trie_bytes / sizeof(Unit));
  std::memcpy(units.data(), map.data(), units.size() * sizeof(Unit));
  const std::string_view replacements = map.substr(trie_bytes);
  const auto require_inside = [](bool inside) {
    if (!inside) refuse("the table of its normaliser leads out of it");
  };
  require_inside(replacements.back() == '\0');

  std::vector<bool> seen(units.size());
  std::vector<uint32_t> open;
  const auto visit = [&](uint32_t node) {
    require_inside((node | 0xFF) < units.size());  // whatever byte comes next
    if (!seen[node]) open.push_back(node);
    seen[node] = true;
  };
  visit(units[0].offset());
  while (!open.empty()) {
    const uint32_t node = open.back();
    open.pop_back();
    for (uint32_t byte = 0; byte < 256; ++byte) {
      const Unit unit = units[node ^ byte];
      if (unit.label() != byte) continue;
      const uint32_t next = node ^ byte ^ unit.offset();
      visit(next);
      require_inside(!unit.has_value() || units[next].value() < replacements.size());
    }
  }
}

void check_normaliser(std::string_view spec) {
  for (Fields fields(spec); const auto field = fields.next();) {
    if (field->number == kCharsMap) check_charsmap(field->bytes);
  }
}

}  // namespace

void check_sentencepiece_model(std::string_view model) {
  bool has_trainer = false, has_normaliser = false;
  for (Fields fields(model); const auto field = fields.next();) {
    has_trainer |= field->number == kTrainer;
    has_normaliser |= field->number == kNormalizer;
    if (field->number == kNormalizer || field->number == kDenormalizer) check_normaliser(field->bytes);
  }
  if (!has_trainer || !has_normaliser) refuse("the model is cut off");
}

}  // namespace triad::data
