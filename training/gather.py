"""Puts the sets that teachers and student read, and the development sets, into WORK/texts.npz."""

import argparse
from pathlib import Path

import recipe
import teacher
import texts
import windows as win

APART = ["wikinews_dev", "news_dev", "gmb_read_dev", "uner_en_ewt_dev", "gum_dev", "btc_h"]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True, help="holds sets/, base/ and teacher_base/")
    args = parser.parse_args()
    tokenizers = {
        "student": win.Pieces(args.work / "base" / "tokenizer.json"),
        "teacher": teacher.Pieces(args.work / "teacher_base" / "tokenizer.json"),
    }
    names = dict.fromkeys([*recipe.TEACHERS["shares"], *recipe.STUDENT["shares"], *APART])
    sets = {name: [row for row in win.load(args.work / "sets" / f"{name}.jsonl") if row["words"]] for name in names}
    found = texts.Texts.build(sets, tokenizers)
    found.save(args.work / "texts.npz")
    print(f"{len(found.words)} words, {found.cased.shape[1]} forms in {len(found.opens)} sentences")


if __name__ == "__main__":
    main()
