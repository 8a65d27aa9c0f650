"""The shipped weight format: int8 by output row, with one f32 scale a row.

A tensor `NAME` of type I8 [rows, columns] has a companion `NAME_scale` of type F32 [rows];
weight = int8 value * scale of its row. All other tensors are F32.
"""

import numpy as np
from safetensors.numpy import load_file, save_file

FORMAT = "newshound-int8-per-row"


def is_quantised(name, tensor):
    """Linear layers and word embeddings; position embeddings and the small classifier stay exact."""
    return tensor.ndim == 2 and "position_embeddings" not in name and not name.startswith("classifier")


def quantise(state):
    """The tensors to ship for f32 weights {name: array}: symmetric, rounded to nearest, in [-127, 127]."""
    shipped = {}
    for name, tensor in state.items():
        if is_quantised(name, tensor):
            scale = np.abs(tensor).max(axis=1).astype(np.float32) / np.float32(127)
            scale[scale == 0] = 1
            shipped[name] = np.clip(np.rint(tensor / scale[:, None]), -127, 127).astype(np.int8)
            shipped[f"{name}_scale"] = scale
        else:
            shipped[name] = np.ascontiguousarray(tensor, dtype=np.float32)
    return shipped


def dequantise(shipped):
    """The f32 weights that shipped tensors stand for."""
    state = {}
    for name, tensor in shipped.items():
        if tensor.dtype == np.int8:
            state[name] = tensor.astype(np.float32) * shipped[f"{name}_scale"][:, None]
        elif name.removesuffix("_scale") == name or name.removesuffix("_scale") not in shipped:
            state[name] = tensor
    return state


def save(shipped, path):
    save_file(shipped, path, metadata={"format": FORMAT})


def load(path):
    """f32 weights of a file, whether quantised or not."""
    return dequantise(load_file(path))
