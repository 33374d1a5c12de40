#include "triad/data/scenes/render.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

namespace triad::data {
namespace {

struct Point {
  double x, y;
};
using Rgb = std::array<double, 3>;

constexpr std::array<Rgb, kObjectColours> kPalette = {{{215, 40, 40},
                                                       {40, 165, 60},
                                                       {45, 75, 215},
                                                       {235, 215, 50},
                                                       {145, 55, 175},
                                                       {240, 135, 30},
                                                       {240, 240, 240},
                                                       {20, 20, 20}}};

double symmetric(RandomStream& random, double range) { return (2 * random.uniform() - 1) * range; }

bool inside_triangle(Point p) {
  // Equilateral, centre of gravity at the origin, one corner up.
  constexpr double kInner = 0.55;
  return p.y <= kInner && p.y >= -2 * kInner + std::numbers::sqrt3 * std::abs(p.x);
}

bool inside_star(Point p) {
  // Five points, one up. Folded into the half sector from a tip (angle 0) to a notch (angle pi/5), it is one straight
  // edge: on the inner side of the line from the tip to the notch.
  constexpr double kTip = 1.1, kNotch = 0.5, kSector = 2 * std::numbers::pi / 5;
  const double radius = std::hypot(p.x, p.y);
  double angle = std::fmod(std::abs(std::atan2(p.x, -p.y)), kSector);
  angle = std::min(angle, kSector - angle);
  const Point q = {radius * std::cos(angle), radius * std::sin(angle)};
  const Point notch = {kNotch * std::cos(kSector / 2), kNotch * std::sin(kSector / 2)};
  return (notch.x - kTip) * q.y - notch.y * (q.x - kTip) >= 0;
}

/// Whether a point is inside of a shape of radius 1 around the origin; y points down.
bool is_inside(ObjectShape shape, Point p) {
  const double largest = std::max(std::abs(p.x), std::abs(p.y)), smallest = std::min(std::abs(p.x), std::abs(p.y));
  const double square = p.x * p.x + p.y * p.y;
  switch (shape) {
    case ObjectShape::kCircle: return square <= 1;
    case ObjectShape::kSquare: return largest <= 0.85;
    case ObjectShape::kTriangle: return inside_triangle(p);
    case ObjectShape::kStar: return inside_star(p);
    case ObjectShape::kCross: return largest <= 1 && smallest <= 0.32;
    case ObjectShape::kRing: return square <= 1 && square >= 0.55 * 0.55;
  }
  return false;
}

using Canvas = std::vector<Rgb>;

Rgb& pixel_of(Canvas& canvas, int x, int y) {
  return canvas[static_cast<size_t>(y) * kSceneSide + static_cast<size_t>(x)];
}

Canvas draw_background(RandomStream& random) {
  constexpr int kMiddle = kSceneSide / 2;
  const double level = 105 + 35 * random.uniform();
  Rgb base;
  for (double& channel : base) channel = level + symmetric(random, 10);
  const double slope_x = symmetric(random, 12), slope_y = symmetric(random, 12);
  Canvas canvas(kSceneSide * kSceneSide);
  for (int y = 0; y < kSceneSide; ++y) {
    for (int x = 0; x < kSceneSide; ++x) {
      const double slope = slope_x * (x - kMiddle) / kSceneSide + slope_y * (y - kMiddle) / kSceneSide;
      for (size_t c = 0; c < 3; ++c) pixel_of(canvas, x, y)[c] = base[c] + slope;
    }
  }
  return canvas;
}

void draw_object(const Object& object, RandomStream& random, Canvas& canvas) {
  constexpr double kCell = static_cast<double>(kSceneSide) / kGridSide;
  constexpr int kSubsamples = 4;  // along each axis of a pixel
  const Point centre = {(object.column() + 0.5) * kCell + symmetric(random, 1.5),
                        (object.row() + 0.5) * kCell + symmetric(random, 1.5)};
  const double radius = (object.size == ObjectSize::kSmall ? 5.2 : 9.2) * (1 + symmetric(random, 0.08));
  const double turn = symmetric(random, 0.16), cosine = std::cos(turn), sine = std::sin(turn);
  Rgb colour = kPalette[static_cast<size_t>(object.colour)];
  for (double& channel : colour) channel += symmetric(random, 14);

  const double reach = 1.25 * radius;  // the corner of a square and the tip of a triangle lie beyond the radius
  const int first_x = std::max(0, static_cast<int>(centre.x - reach));
  const int last_x = std::min(kSceneSide - 1, static_cast<int>(centre.x + reach));
  const int first_y = std::max(0, static_cast<int>(centre.y - reach));
  const int last_y = std::min(kSceneSide - 1, static_cast<int>(centre.y + reach));
  for (int y = first_y; y <= last_y; ++y) {
    for (int x = first_x; x <= last_x; ++x) {
      int covered = 0;
      for (int i = 0; i < kSubsamples * kSubsamples; ++i) {
        const int column = i % kSubsamples, row = i / kSubsamples;
        const double dx = (x + (column + 0.5) / kSubsamples - centre.x) / radius;
        const double dy = (y + (row + 0.5) / kSubsamples - centre.y) / radius;
        covered += is_inside(object.shape, {cosine * dx + sine * dy, cosine * dy - sine * dx});
      }
      const double share = static_cast<double>(covered) / (kSubsamples * kSubsamples);
      Rgb& pixel = pixel_of(canvas, x, y);
      for (size_t c = 0; c < 3; ++c) pixel[c] += share * (colour[c] - pixel[c]);
    }
  }
}

}  // namespace

Image render_scene(const Scene& scene, RandomStream& random) {
  check_scene(scene, "render_scene");
  Canvas canvas = draw_background(random);
  for (const Object& object : scene.objects) draw_object(object, random, canvas);

  const double noise = 2 + 6 * random.uniform();
  // The sum of two uniform numbers, here the halves of one draw, has a standard deviation of width / sqrt(6).
  const double scale = noise * std::sqrt(6.0) / 0x1p16;
  const auto draw_noise = [&] {
    const uint32_t bits = random.bits();
    return scale * (static_cast<double>(bits >> 16) + static_cast<double>(bits & 0xFFFF) - 0x1p16);
  };
  Image image{kSceneSide, kSceneSide, 3, {}};
  image.pixels.reserve(canvas.size() * 3);
  for (const Rgb& pixel : canvas) {
    for (const double channel : pixel) {
      image.pixels.push_back(static_cast<uint8_t>(std::lround(std::clamp(channel + draw_noise(), 0.0, 255.0))));
    }
  }
  return image;
}

}  // namespace triad::data
