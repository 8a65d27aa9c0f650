"""Puts the sets that teachers and student read, and the development sets, into WORK/texts.npz.

With --compared, those of `training/conll --taught` into WORK/compared.npz.
"""

import argparse
from pathlib import Path

import build_sets
import recipe
import teacher
import texts
import windows as win

APART = ["wikinews_dev", "news_dev", "gmb_read_dev", "uner_en_ewt_dev", "gum_dev", "btc_h"]
COMPARED_APART = ["conll2003_en_dev"]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True, help="holds sets/, base/ and teacher_base/")
    parser.add_argument("--compared", action="store_true")
    args = parser.parse_args()
    tokenizers = {
        "student": win.Pieces(args.work / "base" / "tokenizer.json"),
        "teacher": teacher.Pieces(args.work / "teacher_base" / "tokenizer.json"),
    }
    load = lambda name: [row for row in win.load(args.work / "sets" / f"{name}.jsonl") if row["words"]]
    if args.compared:
        read = [*recipe.COMPARED_TEACHERS["shares"], *COMPARED_APART]
        names = dict.fromkeys([*recipe.COMPARED_STUDENT["shares"], *COMPARED_APART])
        sets = {name: [row if name in read else build_sets.unread(row, row["opens"]) for row in load(name)] for name in names}
    else:
        names = dict.fromkeys([*recipe.TEACHERS["shares"], *recipe.STUDENT["shares"], *APART])
        sets = {name: load(name) for name in names}
    found = texts.Texts.build(sets, tokenizers)
    found.save(args.work / ("compared.npz" if args.compared else "texts.npz"))
    print(f"{len(found.words)} words, {found.cased.shape[1]} forms in {len(found.opens)} sentences")


if __name__ == "__main__":
    main()
