"""Adds the further texts that `training/conll --taught` reads: WORK/sets/{conll_swapped,reuters,conll2003_en_dev}.jsonl.

`conll_swapped` is CoNLL-2003's training split with other names of its own in it; `reuters` is newswire
of 1987 (Reuters-21578, for research only), without labels here.
"""

import argparse
import io
import json
import random
import re
import tarfile
import urllib.request
from pathlib import Path

import build_sets
import more_texts
import recipe
import windows as win

SHORTEST = 80  # characters of a body


def swapped(rows):
    names = {kind: sorted(pool) for kind, pool in more_texts.names_of({"conll": rows}, more_texts.KINDS + ("MISC",)).items()}
    rng = random.Random(recipe.SEED)
    return [row for _ in range(recipe.COMPARED_SWAPS) for row in more_texts.swap(rows, names, rng)]


def bodies():
    """The texts' bodies, a line for each paragraph."""
    with urllib.request.urlopen(recipe.REUTERS) as answer, tarfile.open(fileobj=io.BytesIO(answer.read())) as package:
        for file in sorted((f for f in package if f.name.startswith("package/data/full/")), key=lambda f: f.name):
            for text in json.loads(package.extractfile(file).read().decode("utf8", "replace"), strict=False):
                body = text.get("body", "").replace("&lt;", "<").replace("&#3;", "").replace("\x03", "")
                body = re.sub(r"\s*Reuter\s*$", "", body)
                if len(body) >= SHORTEST:
                    paragraphs = (" ".join(p.split()) for p in re.split(r"\n {4}", body))
                    yield "\n".join(p for p in paragraphs if p)


def reuters():
    for body in bodies():
        for k, row in enumerate(build_sets.sentences_of(body)):
            yield build_sets.unread(row, k == 0)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True, help="holds sets/")
    args = parser.parse_args()
    sets = {
        "conll_swapped": swapped(win.load(args.work / "sets" / "conll2003_en_train.jsonl")),
        "reuters": list(reuters()),
        "conll2003_en_dev": [build_sets.as_read(row) for row in build_sets.from_columns(args.data / "ner/conll2003_en/dev.iob2", True)],
    }
    more_texts.write(sets, args.work / "sets")


if __name__ == "__main__":
    main()
