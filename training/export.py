"""Writes a model folder: the mean of weights that the recipe ships as int8, configuration, tokenizer."""

import argparse
import json
import shutil
from pathlib import Path

import torch
from safetensors.numpy import load_file

import evaluate
import recipe
import rowint8
import scoring
import windows as win

LARGEST = 100_000_000  # bytes of a file


def mean(work, shares):
    """The mean of the weights WORK/NAME.safetensors, each with its share."""
    total = {}
    for name, share in shares.items():
        for tensor, value in load_file(work / f"{name}.safetensors").items():
            total[tensor] = total.get(tensor, 0) + share * value
    return {name: value.astype("float32") for name, value in total.items()}


def print_dev(model, work):
    dev = evaluate.mean_dev(model, work, win.Pieces(work / "base" / "tokenizer.json"))
    print({k: round(100 * f1, 2) for k, f1 in dev.items()}, f"mean {100 * sum(dev.values()) / len(dev):.2f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True, help="holds base/, sets/ and what the stages wrote")
    parser.add_argument("--run", help="a folder in WORK whose average to write in place of that mean")
    parser.add_argument("--base", help="write what differs from the model of this name, in a folder beside OUT")
    parser.add_argument("--untaught", action="store_true", help="write what is taught, as it was before")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    args.out.mkdir(parents=True, exist_ok=True)
    run = args.work / (args.run or recipe.STAGES[-1]["name"])
    config = json.loads((run / "config.json").read_text())
    if args.base:
        config["newshound"] = {"base": args.base}
        rowint8.save_change(load_file(run / "low_rank.safetensors"), args.out)
    else:
        taught = (args.work / "taught").exists() and not args.untaught
        shares = recipe.SHIPPED if taught else recipe.STUDENT["start"]
        state = mean(args.work, {f"{args.run}/average": 1.0} if args.run else shares)
        shipped = rowint8.quantise({n: t for n, t in state.items() if not n.startswith("topics.")})
        if not args.run:
            print_dev(scoring.load_model(run, rowint8.dequantise(shipped)), args.work)
        rowint8.save(shipped, args.out)
        shutil.copyfile(args.work / "base" / "tokenizer.json", args.out / "tokenizer.json")
    (args.out / "config.json").write_text(json.dumps(config, indent=2, sort_keys=True) + "\n")
    for path in rowint8.files(args.out):
        size = path.stat().st_size
        if size >= LARGEST:
            raise SystemExit(f"{path} has {size} bytes; {LARGEST} is the limit")
        print(f"{path}: {size} bytes")


if __name__ == "__main__":
    main()
