#!/usr/bin/env python3
"""Writes tests/golden/images: small pictures of every PNG and JPEG flavour, and expected.safetensors: the pixels that a PNG
was made of, that Pillow reads from a JPEG, and that it resizes to."""
# /// script
# dependencies = ["pillow==10.4.0", "numpy==1.26.4", "safetensors==0.4.5"]
# ///

import io
import pathlib
import struct
import zlib

import pins

pins.check(__file__)

import numpy as np
from PIL import Image
from safetensors.numpy import save_file

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "tests/golden/images"
HEIGHT, WIDTH = 13, 17


def scene(channels):
    """Smooth colours with an edge."""
    y, x, c = np.meshgrid(np.arange(HEIGHT), np.arange(WIDTH), np.arange(channels), indexing="ij")
    values = 128 + 100 * np.sin(0.3 * x + 0.2 * y * (c + 1)) + np.where(x + y > 15, 27, -27)
    return np.clip(values, 0, 255).astype(np.uint8)


def raw_png(values, depth, colour_type, extra=b"", interlaced=False):
    """A PNG from rows of samples, for what Pillow does not write. Adam7 as in the PNG specification, 8.2."""
    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    def rows(part):
        flat = part.reshape(part.shape[0], -1)
        if depth == 16:
            return b"".join(b"\0" + row.astype(">u2").tobytes() for row in flat)
        bits = np.unpackbits(flat.astype(np.uint8)[..., None], axis=-1)[..., 8 - depth:].reshape(flat.shape[0], -1)
        return b"".join(b"\0" + np.packbits(row).tobytes() for row in bits)

    passes = [(0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1)]
    if interlaced:
        data = b"".join(rows(values[y::dy, x::dx]) for y, x, dy, dx in passes if values[y::dy, x::dx].size)
    else:
        data = rows(values)
    header = struct.pack(">IIBBBBB", values.shape[1], values.shape[0], depth, colour_type, 0, 0, int(interlaced))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + extra + chunk(b"IDAT", zlib.compress(data, 9)) + chunk(b"IEND", b"")


def over_white(rgba):
    colour, alpha = rgba[..., :-1].astype(int), rgba[..., -1:].astype(int)
    return ((colour * alpha + 255 * (255 - alpha) + 127) // 255).astype(np.uint8)


def saved(picture, **options):
    out = io.BytesIO()
    picture.save(out, **options)
    return out.getvalue()


def main():
    FOLDER.mkdir(parents=True, exist_ok=True)
    grey, rgb, rgba, grey_alpha = scene(1), scene(3), scene(4), scene(2)
    files, expected = {}, {}
    for depth in (1, 2, 4):
        samples = scene(1) >> (8 - depth)
        files[f"grey{depth}.png"] = raw_png(samples, depth, 0)
        expected[f"grey{depth}.png"] = (samples * (255 // (2**depth - 1))).astype(np.uint8)
    files["grey8.png"], expected["grey8.png"] = raw_png(grey, 8, 0), grey
    files["grey16.png"], expected["grey16.png"] = raw_png(grey.astype(int) * 257, 16, 0), grey
    files["rgb8.png"], expected["rgb8.png"] = saved(Image.fromarray(rgb), format="png", optimize=True), rgb
    files["rgb8_adam7.png"], expected["rgb8_adam7.png"] = raw_png(rgb, 8, 2, interlaced=True), rgb
    files["rgb16.png"], expected["rgb16.png"] = raw_png(rgb.astype(int) * 257, 16, 2), rgb
    files["rgba8.png"], expected["rgba8.png"] = raw_png(rgba, 8, 6), over_white(rgba)
    files["grey_alpha8.png"], expected["grey_alpha8.png"] = raw_png(grey_alpha, 8, 4), over_white(grey_alpha)
    palette = np.array([[255, 0, 0, 255], [0, 255, 0, 128], [0, 0, 255, 0], [9, 8, 7, 255]], np.uint8)
    index = scene(1) >> 6
    chunks = b""
    for name, data in ((b"PLTE", palette[:, :3].tobytes()), (b"tRNS", palette[:3, 3].tobytes())):
        chunks += struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
    files["palette2_trns.png"], expected["palette2_trns.png"] = raw_png(index, 2, 3, chunks), over_white(palette[index[..., 0]])

    rgb_picture = Image.fromarray(rgb)
    jpegs = {
        "grey.jpg": saved(Image.fromarray(grey[..., 0]), format="jpeg", quality=90),
        "ycc420.jpg": saved(rgb_picture, format="jpeg", quality=90),
        "ycc444_progressive.jpg": saved(rgb_picture, format="jpeg", quality=90, subsampling=0, progressive=True),
        "cmyk.jpg": saved(rgb_picture.convert("CMYK"), format="jpeg", quality=95),
    }
    for name, data in jpegs.items():
        picture = Image.open(io.BytesIO(data))
        picture = picture.convert("L" if picture.mode == "L" else "RGB")
        files[name], expected[name] = data, np.asarray(picture).reshape(HEIGHT, WIDTH, -1)
    for name, data in files.items():
        (FOLDER / name).write_bytes(data)
    for height, width in ((5, 4), (30, 40), (13, 6), (1, 1), (20, 3)):
        resized = rgb_picture.resize((width, height), Image.BILINEAR)
        expected[f"resize_{height}_{width}"] = np.asarray(resized)
    expected["luma"] = np.asarray(rgb_picture.convert("L"))[..., None]
    save_file({k: np.ascontiguousarray(v) for k, v in expected.items()}, FOLDER / "expected.safetensors")


if __name__ == "__main__":
    main()
