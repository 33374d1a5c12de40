#!/usr/bin/env python3
"""Writes tests/golden/safetensors: files as the Python package writes them."""
# /// script
# dependencies = ["safetensors==0.4.5"]
# ///

import pathlib
import struct

import pins

pins.check(__file__)

from safetensors import serialize

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "tests/golden/safetensors"


def tensor(dtype, shape, data):
    return {"dtype": dtype, "shape": shape, "data": data}


def main():
    FOLDER.mkdir(parents=True, exist_ok=True)
    # Values 0, 1, 2, … in each type; 16-bit floats by their bits.
    (FOLDER / "every_dtype.safetensors").write_bytes(serialize({
        "z.f32": tensor("float32", [2, 3], struct.pack("<6f", *range(6))),
        "a.f32": tensor("float32", [], struct.pack("<f", 0.5)),
        "f64": tensor("float64", [2], struct.pack("<2d", 0, 1)),
        "bf16": tensor("bfloat16", [3], struct.pack("<3H", 0, 0x3F80, 0x4000)),
        "f16": tensor("float16", [3], struct.pack("<3H", 0, 0x3C00, 0x4000)),
        "i64": tensor("int64", [1, 2], struct.pack("<2q", 0, 1)),
        "i32": tensor("int32", [3], struct.pack("<3i", 0, 1, 2)),
        "u8": tensor("uint8", [3], bytes(range(3))),
        "bool": tensor("bool", [2], bytes(range(2))),
        "empty": tensor("float32", [0, 4], b""),
    }, {"format": 'p"t é'}))
    (FOLDER / "other_dtypes.safetensors").write_bytes(serialize({
        "i16": tensor("int16", [2], bytes(4)),
        "f32": tensor("float32", [1], struct.pack("<f", 7)),
    }, None))


if __name__ == "__main__":
    main()
