#include "triad/data/scenes/scene.h"

#include <algorithm>

#include "triad/core/base/error.h"

namespace triad::data {
namespace {

constexpr uint32_t kObjectCodes = kObjectShapes * kObjectColours * kObjectSizes * kGridCells;

uint32_t code_of(const Object& object) {
  uint32_t code = static_cast<uint32_t>(object.shape);
  code = code * kObjectColours + static_cast<uint32_t>(object.colour);
  code = code * kObjectSizes + static_cast<uint32_t>(object.size);
  return code * kGridCells + static_cast<uint32_t>(object.cell);
}

bool has_unseen_pair(const Scene& scene) {
  return std::any_of(scene.objects.begin(), scene.objects.end(),
                     [](const Object& object) { return is_unseen_pair(object.colour, object.shape); });
}

int draw_count(RandomStream& random) {
  const double u = random.uniform();
  return u < 0.15 ? 1 : u < 0.80 ? 2 : 3;
}

Scene draw_any_scene(RandomStream& random) {
  constexpr double kSame = 0.15;
  std::array<int, kGridCells> cells;
  for (int i = 0; i < kGridCells; ++i) cells[static_cast<size_t>(i)] = i;
  random.shuffle(cells);

  Scene scene;
  const int count = draw_count(random);
  for (int i = 0; i < count; ++i) {
    Object object;
    object.shape = static_cast<ObjectShape>(random.below(kObjectShapes));
    object.colour = static_cast<ObjectColour>(random.below(kObjectColours));
    object.size = static_cast<ObjectSize>(random.below(kObjectSizes));
    object.cell = cells[static_cast<size_t>(i)];
    const double same = random.uniform();
    if (i > 0 && same < kSame) object.colour = scene.objects.back().colour;
    if (i > 0 && same >= kSame && same < 2 * kSame) object.shape = scene.objects.back().shape;
    scene.objects.push_back(object);
  }
  std::sort(scene.objects.begin(), scene.objects.end(),
            [](const Object& a, const Object& b) { return a.cell < b.cell; });
  return scene;
}

}  // namespace

uint32_t Scene::code() const {
  uint32_t code = 0;
  for (const Object& object : objects) code = code * (kObjectCodes + 1) + code_of(object) + 1;
  return code;
}

void check_scene(const Scene& scene, std::string_view where) {
  const size_t count = scene.objects.size();
  require<ValueError>(count >= 1 && count <= kMaxObjects, where, "a scene has 1 to ", kMaxObjects, " objects, got ",
                      count);
  for (size_t i = 0; i < count; ++i) {
    const Object& object = scene.objects[i];
    require<ValueError>(static_cast<int>(object.shape) < kObjectShapes &&
                            static_cast<int>(object.colour) < kObjectColours &&
                            static_cast<int>(object.size) < kObjectSizes,
                        where, "object ", i, " has a shape, colour or size outside of its enumeration");
    require<ValueError>(object.cell >= 0 && object.cell < kGridCells, where, "object ", i, " is in cell ", object.cell,
                        ", expected 0 to ", kGridCells - 1);
    require<ValueError>(i == 0 || scene.objects[i - 1].cell < object.cell, where, "object ", i,
                        " is not in a later cell than the one before; objects are ordered by cell, one a cell");
  }
}

Scene draw_scene(RandomStream& random, PairRule rule) {
  for (;;) {
    Scene scene = draw_any_scene(random);
    if (has_unseen_pair(scene) == (rule == PairRule::kWithUnseen)) return scene;
  }
}

ScenePart part_of(const Scene& scene) {
  constexpr uint64_t kPartKey = 0x7363656E65;  // part of the data set's definition, so not drawn from a seed
  const uint32_t eighth = philox4x32({scene.code(), 0, 0, 0}, kPartKey)[0] % 8;
  return eighth < 2 ? ScenePart::kTest : eighth == 2 ? ScenePart::kValidation : ScenePart::kTraining;
}

}  // namespace triad::data
