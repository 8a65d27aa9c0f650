"""Writes the model folder: int8 weights, configuration, tokenizer.

Of the last weights and their moving average, both quantised, the one that is better on
the development sets is shipped.
"""

import argparse
import hashlib
import json
import shutil
from pathlib import Path

import torch
from safetensors.numpy import load_file

import evaluate
import rowint8
import scoring
import windows as win

LARGEST = 100_000_000  # bytes


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True, help="holds base/ and sets/")
    parser.add_argument("--run", type=Path, required=True, help="what the last stage of fine-tuning wrote")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    args.out.mkdir(parents=True, exist_ok=True)
    pieces = win.Pieces(args.work / "base" / "tokenizer.json")
    best = None
    for name in ("last", "average"):
        state = load_file(args.run / f"{name}.safetensors")
        shipped = rowint8.quantise({n: t for n, t in state.items() if not n.startswith("topics.")})
        model = scoring.load_model(args.run, rowint8.dequantise(shipped))
        dev = evaluate.mean_dev(model, args.work, pieces)
        mean = sum(dev.values()) / len(dev)
        print(name, {k: round(100 * f1, 2) for k, f1 in dev.items()}, f"mean {100 * mean:.2f}", flush=True)
        if best is None or mean > best[0]:
            best = (mean, name, shipped)
    _, name, shipped = best
    weights = args.out / "model.safetensors"
    rowint8.save(shipped, weights)
    size = weights.stat().st_size
    if size >= LARGEST:
        raise SystemExit(f"{weights} has {size} bytes; {LARGEST} is the limit")
    config = json.loads((args.run / "config.json").read_text())
    (args.out / "config.json").write_text(json.dumps(config, indent=2, sort_keys=True) + "\n")
    shutil.copyfile(args.work / "base" / "tokenizer.json", args.out / "tokenizer.json")
    digest = hashlib.sha256(weights.read_bytes()).hexdigest()
    print(f"{weights}: the {name} weights, {size} bytes, sha256 {digest}")


if __name__ == "__main__":
    main()
