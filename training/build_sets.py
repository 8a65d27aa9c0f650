"""Turns the labelled data into one JSONL file per set, WORK/sets/NAME.jsonl.

A line is a sentence: `words`, `labels` (IOB2 over PER ORG LOC MISC), `firsts` (1 where a
word opens a token of the source file), `misc` (whether MISC was annotated) and `opens`
(whether the sentence opens a document). Sets that have raw text are also written as IOB2.
"""

import argparse
import json
from pathlib import Path

from tokenizers.pre_tokenizers import BertPreTokenizer

# Fine labels by the four they are trained as; a label not listed becomes O.
FOUR = {
    "PER": "PER person politician scientist writer musicalartist researcher",
    "ORG": "ORG group corporation organisation politicalparty university band magazine academicjournal",
    "LOC": "LOC GPE FAC location country astronomicalobject",
    "MISC": "MISC NORP EVENT WORK PROD LAW creative-work product event election misc book poem award album song conference",
}
COARSE = {fine: four for four, names in FOUR.items() for fine in names.split()}

NO_MISC = {"ewt", "uner_en_ewt_dev", "uner_en_ewt_test", "gum"}
GUM_GENRES = "news interview voyage bio speech textbook academic".split()
CROSSNER_DOMAINS = "politics science music literature ai".split()
COLUMN_SETS = {
    "ewt": ["uner_en_ewt/train_firstpass_noOTH"],
    "uner_en_ewt_dev": ["uner_en_ewt/dev"],
    "uner_en_ewt_test": ["uner_en_ewt/test"],
    "gum": [f"gum/gum_{genre}.train" for genre in GUM_GENRES],
    "crossner": [f"crossner_{d}/{split}" for d in CROSSNER_DOMAINS for split in ("train", "dev", "test")],
    "gmb": ["gmb/train_conllstyle"],
    "wnut17": ["wnut17/train", "wnut17/dev"],
    "wikigold": ["wikigold/all"],
    "conll2003_en_test": ["conll2003_en/test"],
}
RAW_SETS = {"wikinews": "wikinews/train", "wikinews_dev": "wikinews/dev"}

SPLITTER = BertPreTokenizer()


def split(text):
    """The words of a text with their code point ranges, as the tagger will cut them."""
    return SPLITTER.pre_tokenize_str(text)


def column_sentences(path):
    """Sentences of a `token TAB label` file as (tokens, coarse labels, opens a document)."""
    tokens, labels, opens = [], [], True
    for line in [*path.read_text(encoding="utf8").split("\n"), ""]:
        token, _, label = line.rpartition("\t")
        if token.startswith("-DOCSTART-"):
            opens = True
        elif token:
            prefix, _, fine = label.partition("-")
            coarse = COARSE.get(fine)
            tokens.append(token)
            labels.append(f"{prefix}-{coarse}" if coarse else "O")
        elif tokens:
            yield tokens, labels, opens
            tokens, labels, opens = [], [], False


def from_columns(path, misc):
    for tokens, labels, opens in column_sentences(path):
        row = {"words": [], "labels": [], "firsts": [], "misc": misc, "opens": opens}
        for token, label in zip(tokens, labels):
            inside = "O" if label == "O" else f"I-{label[2:]}"
            for k, (word, _) in enumerate(split(token) or [(token, None)]):
                row["words"].append(word)
                row["labels"].append(inside if k else label)
                row["firsts"].append(0 if k else 1)
        yield row


def from_raw(path):
    """Articles with code point offsets: the sentence ranges and entities are given."""
    for line in path.read_text(encoding="utf8").splitlines():
        article = json.loads(line)
        for k, (start, end) in enumerate(article["sentences"]):
            row = {"words": [], "labels": [], "firsts": [], "misc": True, "opens": k == 0}
            entities = [e for e in article["entities"] if start <= e["start"] < end]
            for word, (a, b) in split(article["text"][start:end]):
                a, b = a + start, b + start
                label = "O"
                for e in entities:
                    if a < e["end"] and b > e["start"] and e["label"] in COARSE:
                        label = ("B-" if a <= e["start"] < b else "I-") + COARSE[e["label"]]
                row["words"].append(word)
                row["labels"].append(label)
                row["firsts"].append(1)
            if row["words"]:
                yield row


def columns(rows):
    """The rows as an IOB2 file, for scorers that read columns."""
    for row in rows:
        if row["opens"]:
            yield "-DOCSTART-\tO\n\n"
        yield "".join(f"{word}\t{label}\n" for word, label in zip(row["words"], row["labels"])) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    ner = args.data / "ner"
    sets = {name: [r for f in files for r in from_columns(ner / f"{f}.iob2", name not in NO_MISC)] for name, files in COLUMN_SETS.items()}
    sets |= {name: list(from_raw(ner / f"{f}.jsonl")) for name, f in RAW_SETS.items()}
    for name, rows in sets.items():
        lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        (args.out / f"{name}.jsonl").write_text(lines, encoding="utf8")
        spans = sum(label.startswith("B") for row in rows for label in row["labels"])
        if name in RAW_SETS:
            (args.out / f"{name}.iob2").write_text("".join(columns(rows)), encoding="utf8")
        print(f"{name}: {len(rows)} sentences, {sum(len(r['words']) for r in rows)} words, {spans} names")


if __name__ == "__main__":
    main()
