#!/usr/bin/env python3
"""The characters that Hugging Face's BERT normaliser drops, strips as marks, and takes for punctuation.

Prints the three tables of triad/data/text/character_class.cpp, found by trying every character.

    python3 scripts/golden/character_classes.py | clang-format
"""
# /// script
# dependencies = ["tokenizers==0.23.3"]
# ///

import pins

pins.check(__file__)

from tokenizers import normalizers, pre_tokenizers

IDEOGRAPHS = [(0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF), (0x20000, 0x2A6DF), (0x2A700, 0x2B73F),
              (0x2B740, 0x2B81F), (0x2B920, 0x2CEAF), (0x2F800, 0x2FA1F)]

cased = normalizers.BertNormalizer(lowercase=False)
uncased = normalizers.BertNormalizer(lowercase=True)
split = pre_tokenizers.BertPreTokenizer()

tables = {"kDropped": [], "kMarks": [], "kPunctuation": []}


def add(name, point):
    ranges = tables[name]
    if ranges and ranges[-1][1] == point - 1:
        ranges[-1][1] = point
    else:
        ranges.append([point, point])


for point in range(0x110000):
    if 0xD800 <= point < 0xE000 or any(a <= point <= b for a, b in IDEOGRAPHS):
        continue
    text = "a" + chr(point) + "b"
    if cased.normalize_str(text) == "ab":
        add("kDropped", point)
    elif len(split.pre_tokenize_str(cased.normalize_str(text))) == 3:
        add("kPunctuation", point)
    elif uncased.normalize_str(text) == "ab":
        add("kMarks", point)

for name, ranges in tables.items():
    body = ", ".join(f"{{0x{a:X}, 0x{b:X}}}" for a, b in ranges)
    print(f"constexpr Range {name}[] = {{{body}}};\n")
