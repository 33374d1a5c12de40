"""What the PyTorch programs beside this one share: tensors in files, and the conversation with triad."""
import json
import math
import sys

import torch

DTYPES = {"F64": torch.float64, "F32": torch.float32, "BF16": torch.bfloat16, "F16": torch.float16,
          "I64": torch.int64, "I32": torch.int32, "BOOL": torch.bool, "U8": torch.uint8}
NAMES = {dtype: name for name, dtype in DTYPES.items()}


def read_safetensors(path):
    with open(path, "rb") as file:
        data = bytearray(file.read())
    end = 8 + int.from_bytes(data[:8], "little")
    tensors = {}
    for name, entry in json.loads(data[8:end]).items():
        if name == "__metadata__":
            continue
        first, last = entry["data_offsets"]
        dtype, shape = DTYPES[entry["dtype"]], entry["shape"]
        flat = torch.frombuffer(data, dtype=dtype, offset=end + first, count=math.prod(shape)) if last > first \
            else torch.empty(0, dtype=dtype)
        tensors[name] = flat.reshape(shape).clone()
    return tensors


def write_safetensors(path, tensors):
    header, blocks, at = {}, [], 0
    for name, t in tensors.items():
        block = t.detach().contiguous().reshape(-1).view(torch.uint8).numpy().tobytes()
        header[name] = {"dtype": NAMES[t.dtype], "shape": list(t.shape), "data_offsets": [at, at + len(block)]}
        blocks.append(block)
        at += len(block)
    text = json.dumps(header).encode()
    with open(path, "wb") as file:
        file.write(len(text).to_bytes(8, "little") + text + b"".join(blocks))


def converse(answer):
    """Answers every line of standard input, a JSON object, with one: `answer(request, state)` gives the reply and the state
    that the next request meets, None at first. What it raises is told to triad, which names the case and goes on."""
    state = None
    for line in sys.stdin:
        try:
            reply, state = answer(json.loads(line), state)
        except Exception as error:
            reply = {"error": f"{type(error).__name__}: {str(error)[:300]}"}
        print(json.dumps(reply), flush=True)
