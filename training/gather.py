"""Puts the sets that teachers and student read, and the development sets, into WORK/texts.npz.

With --compared it puts those of `training/conll --taught` into WORK/compared.npz.
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


def plan(compared):
    """Settings of teachers and student, the sets nobody is trained on, and the name of the file of texts."""
    if compared:
        return recipe.COMPARED_TEACHERS, recipe.COMPARED_STUDENT, COMPARED_APART, "compared.npz"
    return recipe.TEACHERS, recipe.STUDENT, APART, "texts.npz"


def load(work, names):
    """The sets' sentences that have words."""
    return {name: [row for row in win.load(work / "sets" / f"{name}.jsonl") if row["words"]] for name in names}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True, help="holds sets/, base/ and teacher_base/")
    parser.add_argument("--compared", action="store_true")
    args = parser.parse_args()
    tokenizers = {
        "student": win.Pieces(args.work / "base" / "tokenizer.json"),
        "teacher": teacher.Pieces(args.work / "teacher_base" / "tokenizer.json"),
    }
    teachers, student, apart, file = plan(args.compared)
    names = dict.fromkeys([*teachers["shares"], *student["shares"], *apart])
    sets = load(args.work, names)
    if args.compared:
        for name in sets.keys() - {*teachers["shares"], *apart}:
            sets[name] = [build_sets.unread(row, row["opens"]) for row in sets[name]]
    found = texts.Texts.build(sets, tokenizers)
    found.save(args.work / file)
    print(f"{len(found.words)} words, {found.cased.shape[1]} forms in {len(found.opens)} sentences")


if __name__ == "__main__":
    main()
