// A scene as a picture.
#pragma once

#include "triad/core/base/philox.h"
#include "triad/data/image/image.h"
#include "triad/data/scenes/scene.h"

namespace triad::data {

inline constexpr int kSceneSide = 64;  // pixels

/// Draws `scene` as kSceneSide × kSceneSide RGB with smooth edges. Drawn from `random`: the tint and slope of the grey
/// background, for every object a shift of up to 1.5 pixels, a turn of up to 9 degrees, 8 % of size and some of colour,
/// and noise of a standard deviation of 2 to 8 levels on every pixel.
/// Throws ValueError where `scene` is not as documented at Scene.
Image render_scene(const Scene& scene, RandomStream& random);

}  // namespace triad::data
