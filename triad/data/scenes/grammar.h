// A scene as an English sentence, and back.
#pragma once

#include <string>
#include <string_view>

#include "triad/core/base/philox.h"
#include "triad/data/scenes/scene.h"

namespace triad::data {

/// A sentence that names every object with size, colour, shape and place, and so fixes the scene:
///     i see a tiny red circle in the upper left and a big blue star at the bottom
/// Drawn from `random`: the opening, the order of the objects, whether places come first or last, how objects are
/// joined, and a word among equals (small, tiny, little; top left, upper left; …). Lower case, words, spaces and
/// commas. Throws ValueError where `scene` is not as documented at Scene.
std::string describe_scene(const Scene& scene, RandomStream& random);

/// The scene that a sentence of describe_scene is about.
/// Throws ValueError naming the word where the text leaves the grammar.
Scene parse_description(std::string_view text);

}  // namespace triad::data
