// What the pictures of the built-in data set show: one to three flat objects on a 3 × 3 grid.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "triad/core/base/philox.h"

namespace triad::data {

enum class ObjectShape : uint8_t { kCircle, kSquare, kTriangle, kStar, kCross, kRing };
enum class ObjectColour : uint8_t { kRed, kGreen, kBlue, kYellow, kPurple, kOrange, kWhite, kBlack };
enum class ObjectSize : uint8_t { kSmall, kBig };

inline constexpr int kObjectShapes = 6;
inline constexpr int kObjectColours = 8;
inline constexpr int kObjectSizes = 2;
inline constexpr int kGridSide = 3;
inline constexpr int kGridCells = kGridSide * kGridSide;
inline constexpr int kMaxObjects = 3;

/// Their plain names, in the order of the enumerations.
inline constexpr std::array<std::string_view, kObjectShapes> kShapeNames = {"circle", "square", "triangle",
                                                                            "star",   "cross",  "ring"};
inline constexpr std::array<std::string_view, kObjectColours> kColourNames = {"red",    "green",  "blue",  "yellow",
                                                                              "purple", "orange", "white", "black"};
inline constexpr std::array<std::string_view, kObjectSizes> kSizeNames = {"small", "big"};

constexpr std::string_view name_of(ObjectShape shape) { return kShapeNames[static_cast<size_t>(shape)]; }
constexpr std::string_view name_of(ObjectColour colour) { return kColourNames[static_cast<size_t>(colour)]; }
constexpr std::string_view name_of(ObjectSize size) { return kSizeNames[static_cast<size_t>(size)]; }

/// One object. `cell` counts the grid row by row from the top left, 0 to 8.
struct Object {
  ObjectShape shape = ObjectShape::kCircle;
  ObjectColour colour = ObjectColour::kRed;
  ObjectSize size = ObjectSize::kSmall;
  int cell = 0;

  constexpr int row() const { return cell / kGridSide; }
  constexpr int column() const { return cell % kGridSide; }

  friend constexpr bool operator==(const Object&, const Object&) = default;
};

/// One to kMaxObjects objects in different cells, in the order of their cells: equal pictures are equal scenes.
struct Scene {
  std::vector<Object> objects;

  /// A number that tells any two scenes apart, below 865³.
  uint32_t code() const;

  friend bool operator==(const Scene&, const Scene&) = default;
};

/// Throws ValueError unless `scene` is as documented at Scene. `where` begins the message.
void check_scene(const Scene& scene, std::string_view where);

/// The colour–shape pairs that training never shows, says or asks about: one for each shape, each of another colour.
constexpr bool is_unseen_pair(ObjectColour colour, ObjectShape shape) {
  constexpr std::array<ObjectColour, kObjectShapes> kUnseen = {ObjectColour::kGreen,  ObjectColour::kPurple,
                                                               ObjectColour::kYellow, ObjectColour::kRed,
                                                               ObjectColour::kBlue,   ObjectColour::kWhite};
  return kUnseen[static_cast<size_t>(shape)] == colour;
}

/// Which colour–shape pairs a scene, or the questions about it, may use.
enum class PairRule {
  kSeen,        ///< only pairs of training
  kWithUnseen,  ///< any, and in a scene at least one that training never shows
};

/// A random scene. Shapes, colours, sizes and cells are uniform, but that an object has the colour, or the shape, of
/// the one before with probability 0.15 each, so that questions about counts have answers above one.
Scene draw_scene(RandomStream& random, PairRule rule);

/// The three parts that all scenes of seen pairs fall into, by a hash of their code: what a model is tested on is never
/// in the training part, whatever the sizes of the sets and the seed.
enum class ScenePart { kTraining, kValidation, kTest };
ScenePart part_of(const Scene& scene);

}  // namespace triad::data
