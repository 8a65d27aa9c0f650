"""Turns the labelled data into one JSONL file per set, WORK/sets/NAME.jsonl.

A line is a sentence: `words`, `labels` (IOB2 over PER ORG LOC MISC; ? where readings differ),
`firsts` (1 where a word opens a token of the source file), `misc` (whether MISC was annotated)
and `opens` (whether the sentence opens a document); `topics` (their numbers in topics.json, the
main one first) where the document's are known. Sets that have raw text are also written as IOB2.
`gmb_rest` and `news_rest` are texts whose names nobody has read, all labels ?: teachers label them.
"""

import argparse
import csv
import json
import re
from pathlib import Path

from tokenizers.pre_tokenizers import BertPreTokenizer

from windows import set_case

# Fine labels by the four they are trained as; a label not listed becomes O.
FOUR = {
    "PER": "PER person politician scientist writer musicalartist researcher",
    "ORG": "ORG group corporation organisation politicalparty university band magazine academicjournal",
    "LOC": "LOC GPE FAC location country astronomicalobject",
    "MISC": "MISC NORP EVENT WORK PROD LAW creative-work product event election misc book poem award album song conference",
}
COARSE = {fine: four for four, names in FOUR.items() for fine in names.split()}

NO_MISC = {"ewt_first_pass", "uner_en_ewt_dev", "uner_en_ewt_test", "gum", "gum_dev", "btc", "btc_h"}
GUM_GENRES = "news interview voyage bio speech textbook academic".split()
CROSSNER_DOMAINS = "politics science music literature ai".split()
COLUMN_SETS = {
    "ewt_first_pass": ["uner_en_ewt/train_firstpass_noOTH"],
    "uner_en_ewt_dev": ["uner_en_ewt/dev"],
    "uner_en_ewt_test": ["uner_en_ewt/test"],
    "gum": [f"gum/gum_{genre}.train" for genre in GUM_GENRES],
    "gum_dev": [f"gum/gum_{genre}.dev" for genre in GUM_GENRES],
    "crossner": [f"crossner_{d}/{split}" for d in CROSSNER_DOMAINS for split in ("train", "dev", "test")],
    "gmb": ["gmb/train_conllstyle"],
    "wnut17": ["wnut17/train", "wnut17/dev"],
    "btc": [f"btc/{section}" for section in "abef"],
    "btc_h": ["btc/h"],
    "btc_g": ["btc/g"],
    "wikigold": ["wikigold/all"],
    "conll2003_en_train": ["conll2003_en/train"],
    "conll2003_en_test": ["conll2003_en/test"],
}
# Sets whose names were read for this project: ANNOTATIONS/NAME.tsv, offsets into the source's rows.
READ_SETS = {"news": "news_leads", "gmb_read": "gmb", "ewt": "ewt"}
RUN = 25
HELD_OUT = 20
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


def as_read(row):
    """The row as the tagger reads it: in headline case where it is in capitals (src/capitals.rs)."""
    words = row["words"]
    capitals = sum(sum(c.isupper() for c in word) > 1 for word in words)
    shouted = capitals >= 3 and not any(c.islower() for word in words for c in word)
    return row | {"words": set_case(words, "lowered")} if shouted else row


def row_of(text, start, end, entities, opens, topics):
    """A sentence `text[start:end]` with its entities (start, end, fine label)."""
    row = {"words": [], "labels": [], "firsts": [], "misc": True, "opens": opens, "topics": topics}
    for word, (a, b) in split(text[start:end]):
        a, b = a + start, b + start
        label = "O"
        for first, last, fine in entities:
            if a < last and b > first and fine in COARSE:
                label = ("B-" if a <= first < b else "I-") + COARSE[fine]
        row["words"].append(word)
        row["labels"].append(label)
        row["firsts"].append(1)
    return row


def without_at(row):
    """The row with names behind an @ alone: the source counts the sign as a name of its own."""
    labels = row["labels"]
    pairs = zip(row["words"], labels, [*labels[1:], "O"])
    return row | {"labels": ["O" if word == "@" and label == after != "O" else label for word, label, after in pairs]}


def from_raw(path, number):
    """Articles with code point offsets: the sentence ranges and entities are given."""
    for line in path.read_text(encoding="utf8").splitlines():
        article = json.loads(line)
        topics = [number[t] for t in article["topics"]]
        for k, (start, end) in enumerate(article["sentences"]):
            entities = [(e["start"], e["end"], e["label"]) for e in article["entities"] if start <= e["start"] < end]
            row = row_of(article["text"], start, end, entities, k == 0, topics)
            if row["words"]:
                yield row


def source_rows(data, name, number):
    """The rows of an annotated source by key: text, and the document's topics where known."""
    if name == "news_leads":
        lines = (data / "topics/news_leads/train.jsonl").read_text(encoding="utf8").splitlines()
        articles = map(json.loads, lines)
        return {a["id"]: (a["text"], [number[t] for t in a["topics"]]) for a in articles}
    file = {"gmb": "gmb/train_conllstyle", "ewt": "uner_en_ewt/train_firstpass_noOTH"}[name]
    sentences = column_sentences(data / "ner" / f"{file}.iob2")
    return {str(k): (" ".join(tokens), []) for k, (tokens, _, _) in enumerate(sentences)}


def combine(rows, first_pass, settle):
    """The rows with, for each word whose kind the first pass gave otherwise, `settle` of its label there.

    The first pass does not know MISC: its O agrees with MISC.
    """
    for row, other in zip(rows, first_pass, strict=True):
        assert row["words"] == other["words"], (row["words"], other["words"])
        pairs = zip(row["labels"], other["labels"])
        labels = [a if a[1:] == b[1:] or b == "O" and a.endswith("MISC") else settle(b) for a, b in pairs]
        yield row | {"labels": labels}


def well_formed(labels):
    """The labels with `B-` for an `I-` that follows no word of its kind."""
    before = ["O", *labels[:-1]]
    return ["B" + b[1:] if b[0] == "I" and a[1:] != b[1:] else b for a, b in zip(before, labels)]


def from_read(data, annotations, name, number):
    """Sentences with the names that annotations/NAME.tsv gives them."""
    rows, before = source_rows(data, name, number), None
    with open(annotations / f"{name}.tsv", encoding="utf8", newline="") as file:
        for line in csv.DictReader(file, delimiter="\t"):
            text, topics = rows[line["row"]]
            names = re.findall(r"(\d+)-(\d+):(\w+)", line["names"])
            entities = [(int(start), int(end), label) for start, end, label in names]
            # A row is a sentence or an article. Where no article is marked, a run of rows stands for one.
            document = int(line["row"]) // RUN if line["row"].isdigit() else line["row"]
            yield row_of(text, int(line["start"]), int(line["end"]), entities, document != before, topics)
            before = document


def from_marked(paths):
    """Texts with names marked as {LABEL:surface}; `###` opens a document, a line is a sentence."""
    for path in paths:
        opens = True
        for line in path.read_text(encoding="utf8").splitlines():
            if line.startswith("###"):
                opens = True
                continue
            text, entities = "", []
            for plain, label, surface in re.findall(r"([^{]+)|\{(\w+):([^}]+)\}", line):
                if label:
                    entities.append((len(text), len(text) + len(surface), label))
                text += plain or surface
            if text.strip():
                yield row_of(text, 0, len(text), entities, opens, [])
                opens = False


def hold_out(rows):
    """The rows apart from every `HELD_OUT`th document's, and those."""
    kept, held, document = [], [], 0
    for row in rows:
        document += row["opens"]
        (held if document % HELD_OUT == 0 else kept).append(row)
    return kept, held


def unread(row, opens):
    """The row without what is said of its names."""
    return row | {"labels": ["?"] * len(row["words"]), "misc": True, "opens": opens}


def rest_of_column_rows(rows, read):
    """Sentences that are not among those read, a document for each run of them."""
    read = {" ".join(row["words"]) for row in read}
    kept, gap = 0, True
    for row in rows:
        if " ".join(row["words"]) in read:
            gap = True
            continue
        yield unread(row, gap or kept % RUN == 0)
        kept, gap = kept + 1, False


def sentences_of(text, topics=()):
    """Rows of a text whose sentences nobody has marked. Where they end is not looked at closely."""
    ends = [m.end() for m in re.finditer(r"[.!?][\"'\u2019\u201d)]*\s+(?=[\"'\u2018\u201c(]?[A-Z])|\n+", text)]
    rows = (row_of(text, a, b, [], False, list(topics)) for a, b in zip([0, *ends], [*ends, len(text)]))
    return (row for row in rows if row["words"])


def rest_of_articles(data, annotations, name, number):
    """The articles of a source of which no sentence was read."""
    with open(annotations / f"{name}.tsv", encoding="utf8", newline="") as file:
        read = {line["row"] for line in csv.DictReader(file, delimiter="\t")}
    for key, (text, topics) in source_rows(data, name, number).items():
        if key not in read:
            for k, row in enumerate(sentences_of(text, topics)):
                yield unread(row, k == 0)


def columns(rows):
    """The rows as an IOB2 file, for scorers that read columns."""
    for row in rows:
        if row["opens"]:
            yield "-DOCSTART-\tO\n\n"
        yield "".join(f"{word}\t{label}\n" for word, label in zip(row["words"], row["labels"])) + "\n"


def topic_names(data):
    """Names of the top-level IPTC Media Topics, in the order of their codes."""
    with open(data / "iptc/mediatopics_flat.tsv", encoding="utf8") as file:
        fields = (line.rstrip("\n").split("\t") for line in file)
        return [f[3] for f in sorted(f for f in fields if f[2] == "1")]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--annotations", type=Path, required=True, help="folder of stand-off names")
    parser.add_argument("--wire", type=Path, required=True, help="folder of texts with marked names")
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    ner = args.data / "ner"
    topics = topic_names(args.data)
    number = {name: k for k, name in enumerate(topics)}
    # medtop:11000000 has had both names.
    number["politics and government"] = number["politics"]
    (args.out / "topics.json").write_text(json.dumps(topics, indent=1) + "\n")
    sets = {name: [r for f in files for r in from_columns(ner / f"{f}.iob2", name not in NO_MISC)] for name, files in COLUMN_SETS.items()}
    sets["btc"] = [without_at(row) for row in sets["btc"]]
    sets["conll2003_en_train"] = [as_read(row) for row in sets["conll2003_en_train"]]
    sets |= {name: list(from_raw(ner / f"{f}.jsonl", number)) for name, f in RAW_SETS.items()}
    sets |= {name: list(from_read(args.data, args.annotations, f, number)) for name, f in READ_SETS.items()}
    read, first_pass = sets["ewt"], sets["ewt_first_pass"]
    sets["ewt"] = list(combine(read, first_pass, lambda label: "?"))
    settled = combine(read, first_pass, lambda label: label)
    sets["ewt_settled"] = [row | {"labels": well_formed(row["labels"])} for row in settled]
    sets["gmb_rest"] = list(rest_of_column_rows(sets["gmb"], sets["gmb_read"]))
    sets["news_rest"] = list(rest_of_articles(args.data, args.annotations, "news_leads", number))
    for name in ("news", "gmb_read"):
        sets[name], sets[f"{name}_dev"] = hold_out(sets[name])
    sets["wire"] = list(from_marked(sorted(args.wire.glob("[01]*.txt"))))
    sets["bodies"] = list(from_marked(sorted(args.wire.glob("2*.txt"))))
    for name, rows in sets.items():
        lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        (args.out / f"{name}.jsonl").write_text(lines, encoding="utf8")
        spans = sum(label.startswith("B") for row in rows for label in row["labels"])
        if name not in COLUMN_SETS and name.endswith("_dev"):
            (args.out / f"{name}.iob2").write_text("".join(columns(rows)), encoding="utf8")
        print(f"{name}: {len(rows)} sentences, {sum(len(r['words']) for r in rows)} words, {spans} names")


if __name__ == "__main__":
    main()
