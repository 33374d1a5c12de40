#!/usr/bin/env python3
"""What Hugging Face's BertTokenizer makes of text, for tests/data/text/bert_parity_test.cpp.

Unicode 14 of Python 3.11 says which characters are assigned.

    python3 scripts/golden/bert_tokenizer.py DATA > tests/golden/tokenizers/bert.json
DATA is the folder of the data sets; its udhr/ and tokenizers/ are read.
"""
# /// script
# requires-python = "==3.11.*"
# dependencies = ["tokenizers==0.23.3", "transformers==5.24.0"]
# ///

import json
import struct
import sys
import unicodedata
import zlib
from pathlib import Path

import pins

pins.check(__file__)

from tokenizers import normalizers, pre_tokenizers
from transformers import BertTokenizer

DATA = Path(sys.argv[1])
SENTENCES = 1000

assert unicodedata.unidata_version == "14.0.0"
vocabulary = {}
for line in (DATA / "tokenizers/bert-base-uncased-vocab.txt").read_text(encoding="utf-8").split("\n")[:-1]:
    vocabulary[line] = len(vocabulary)
assert len(vocabulary) == 30522
uncased = BertTokenizer(vocab=vocabulary, do_lower_case=True)
cased = BertTokenizer(vocab=vocabulary, do_lower_case=False)


def ids(tokenizer, text):
    return tokenizer.convert_tokens_to_ids(tokenizer.tokenize(text))


def digest(numbers):
    return zlib.crc32(struct.pack(f"<{len(numbers)}i", *numbers))


def sentences():
    """File, line number from 0, text: lines of the Declaration of Human Rights in every language in turn."""
    files = sorted(p for p in (DATA / "udhr").glob("*.txt") if p.name != "README.txt")
    lines = {p: p.read_bytes().decode("utf-8").split("\n") for p in files}
    files = [p for p in files if any(line.strip() for line in lines[p])]
    for i in range(SENTENCES):
        path = files[i % len(files)]
        full = [n for n, line in enumerate(lines[path]) if line.strip()]
        number = full[(7 * (i // len(files) + 1)) % len(full)]
        yield path.name, number, lines[path][number]


# Every assigned character between two letters, in pages of 4096. U+11938 is left out: its decomposition is younger than
# the tables of the reference.
def pages():
    split = pre_tokenizers.BertPreTokenizer()
    normal = {lower: normalizers.BertNormalizer(lowercase=lower) for lower in (True, False)}
    for first in range(0, 0x110000, 0x1000):
        points = [c for c in range(first, first + 0x1000)
                  if unicodedata.category(chr(c)) not in ("Cn", "Cs") and c != 0x11938]
        if not points:
            continue
        page = {"skip": skipped(first, points)}
        for lower, normalizer in normal.items():
            crc = 0
            for c in points:
                for word, _ in split.pre_tokenize_str(normalizer.normalize_str("a" + chr(c) + "b")):
                    crc = zlib.crc32(word.encode() + b"\n", crc)
            page["uncased" if lower else "cased"] = crc
        yield {"first": first, **page}


def skipped(first, points):
    """Ranges of the page that are not tried, as first and last."""
    ranges = []
    for c in sorted(set(range(first, first + 0x1000)) - set(points)):
        if ranges and ranges[-1] == c - 1:
            ranges[-1] = c
        else:
            ranges += [c, c]
    return ranges


CASES = [
    "", " ", "\n\t\r ", "Hello, World!", "unaffable", "don't stop-believing...", "$5.00 + 10% = ?", "a_b^c`d~e|f",
    "Ünïcödé NAÏVE Ångström", "I\u0307stanbul İSTANBUL ıI", "Straße GROẞE ß", "ΟΔΥΣΣΕΥΣ ὈΔΥΣΣΕΎΣ", "e\u0301\u0323 \u1ec7",
    "\u0301lone mark", "a\u0315\u0300\u05ae\u0300\u0062", "你好，世界。", "日本語のテキスト、カタカナ", "한국어 문장입니다.",
    "สวัสดีชาวโลก", "नमस्ते दुनिया।", "ᄒ\u1161ᆫ", "مرحبا بالعالم", "שָׁלוֹם", "\ufa0e\uf900\U0002f800", "\U0002b820\U0002b920",
    "zero\u200bwidth\u200djoiner\ufeff", "nul\x00bell\x07del\x7fnel\x85end", "line\u2028separator\u2029paragraph", "soft\u00adhyphen",
    "nbsp\u00a0ideo\u3000graphic", "form\x0cfeed\x0bvertical", "\ufffd replaced \ue000 private", "\u037e\u0387\u1fef\u1ffd",
    "👩‍👩‍👧‍👦 family 🏳️‍🌈 🇺🇳", "ﬁ ﬂ Ⅷ ① ½", "x" * 100, "x" * 101, "é" * 100, "e\u0301" * 100, "é" * 101, "中" * 130,
    "supercalifragilisticexpialidocious", "##ing ## #", "\U0001e900\U0001e95e", "\U00011938", "\U0010ffff\u0378",
    "[CLS", "[ MASK ]", "''``\"\"", "1234567890123456789012345678901234567890", "ÀÈÌÒÙ\tÇ", "\u1b44\u0301\u1b35", "\u302e\u0316a\u0300\u302f",
]

print('{"cases": [')
print(",\n".join(json.dumps({"text": t, "uncased": ids(uncased, t), "cased": ids(cased, t)}) for t in CASES))
print('],\n"sentences": [')
print(",\n".join(json.dumps([name, n, len(ids(uncased, t)), digest(ids(uncased, t)), digest(ids(cased, t))])
                 for name, n, t in sentences()))
print('],\n"pages": [')
print(",\n".join(json.dumps(page) for page in pages()))
print("]}")
