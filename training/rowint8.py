"""The shipped weight format: int8 by output row, with one f32 scale a row.

A tensor `NAME` of type I8 [rows, columns] has a companion `NAME_scale` of type F32 [rows];
weight = int8 value * scale of its row. All other tensors are F32. A model folder has them in two
files and an index, as Hugging Face writes large models: the word embeddings, which training leaves
as they are, and all else.
"""

import json

import numpy as np
from safetensors.numpy import load_file, save_file

FORMAT = "newshound-int8-per-row"
WHOLE = "model.safetensors"
# The difference from another model: for a matrix `X.weight` the thin ones `X.out` and `X.into`, whose product is
# added; any other tensor replaces the one of its name.
CHANGE = "change.safetensors"
# Early exits, in a file beside either.
EXITS = "exits.safetensors"
INDEX = "model.safetensors.index.json"
PARTS = ("model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors")
FROZEN = "word_embeddings"
# Of a scale, from means of weights that are the same.
ROUNDING = 1e-6


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


def same(a, b):
    """Whether two tables of tensors have the same 8-bit rows, and scales but for rounding."""
    close = lambda x, y: np.array_equal(x, y) if x.dtype == np.int8 else np.allclose(x, y, rtol=ROUNDING, atol=0)
    return a.keys() == b.keys() and all(a[name].shape == b[name].shape and close(a[name], b[name]) for name in a)


def save(shipped, folder):
    """Writes tensors as two parts and their index.

    Part 1 stays as it is where it has these word embeddings, with whatever else it has: it is large,
    and a repository keeps every version of it.
    """
    first, second = (folder / part for part in PARTS)
    frozen = {name: tensor for name, tensor in shipped.items() if FROZEN in name}
    held = load_file(first) if first.exists() else {}
    if not same({name: held[name] for name in frozen if name in held}, frozen):
        save_file(frozen, first, metadata={"format": FORMAT})
    save_file({name: shipped[name] for name in shipped.keys() - frozen}, second, metadata={"format": FORMAT})
    index = {
        "metadata": {"total_size": sum(tensor.nbytes for tensor in shipped.values())},
        "weight_map": {name: (first if name in frozen else second).name for name in sorted(shipped)},
    }
    (folder / INDEX).write_text(json.dumps(index, indent=2) + "\n")
    # Otherwise it would be read in place of the parts.
    (folder / WHOLE).unlink(missing_ok=True)


def base_of(folder):
    """The folder of the model that the one in a folder is a change of; itself where it is none."""
    if not (folder / CHANGE).exists():
        return folder
    return folder.parent / json.loads((folder / "config.json").read_text())["newshound"]["base"]


def save_change(learned, folder):
    """Writes what differs from another model, thin matrices as int8."""
    save_file(quantise(learned), folder / CHANGE, metadata={"format": FORMAT})


def changed(folder):
    """f32 weights of a model that is a change of another, to the bit as the encoder makes them."""
    change = dequantise(load_file(folder / CHANGE))
    layers = json.loads((folder / "config.json").read_text())["n_layers"]
    state = {n: t for n, t in load(base_of(folder)).items() if ".layer." not in n or int(n.split(".layer.")[1].split(".")[0]) < layers}
    for name in state:
        stem = name.removesuffix("weight")
        if f"{stem}into" in change:
            # In the encoder's order: another one gives some other 8-bit numbers.
            for out, into in zip(change[f"{stem}out"].T, change[f"{stem}into"]):
                state[name] = state[name] + out[:, None] * into
        state[name] = change.get(name, state[name])
    return dequantise(quantise(state))


def file_of(folder):
    """The name of each tensor's file, from a folder's index."""
    return json.loads((folder / INDEX).read_text())["weight_map"]


def files(folder):
    """The files that hold a model folder's weights: one, the index and its parts, or a change and those it changes."""
    if (folder / CHANGE).exists():
        return [folder / CHANGE, *files(base_of(folder))]
    if (folder / WHOLE).exists() or not (folder / INDEX).exists():
        return [folder / WHOLE]
    return [folder / INDEX, *(folder / part for part in sorted(set(file_of(folder).values())))]


def stored(folder):
    """The tensors of a model folder as they are stored."""
    first, *parts = files(folder)
    if not parts:
        return load_file(first)
    tensors = {path.name: load_file(path) for path in parts}
    return {name: tensors[file][name] for name, file in file_of(folder).items()}


def load(path):
    """f32 weights of a file or a model folder, whether quantised or not."""
    if (path / CHANGE).exists():
        return changed(path)
    return dequantise(stored(path) if path.is_dir() else load_file(path))
