// Other sizes and channels of a picture.
#pragma once

#include "triad/data/image/image.h"

namespace triad::data {

/// The picture at another size. Each output pixel is the mean of the input under a triangle as wide as two output pixels
/// (two input pixels where the picture grows): bilinear, and without aliasing where it shrinks. Within 1 of what the
/// Python package Pillow computes. ValueError unless both sizes are at least 1 and within kMaxPixels.
Image resize(const Image& image, int height, int width);

/// The part of height x width pixels from row `top` and column `left` on. ValueError if it is not inside the picture.
Image crop(const Image& image, int top, int left, int height, int width);

/// The middle of the picture in the shape asked for, as large as it goes, resized to it. Errors as of resize.
Image resize_to_cover(const Image& image, int height, int width);

/// With 1 channel, grey, of luma 0.299 R + 0.587 G + 0.114 B [ITU-R BT.601], or with 3, R = G = B. ValueError for other
/// numbers of channels.
Image to_channels(const Image& image, int channels);

}  // namespace triad::data
