"""Writes what PyTorch computes for the shipped weights, for the encoder's parity test.

The file has the form of the tiny models' expected.json: sequences of `ids` with the
`logits` [length, labels] that transformers gives in f32 on the dequantised weights, and where the model
has exits (exits.py) those of tokens that stop early, `early`.
"""

import argparse
import json
from pathlib import Path

import torch
from safetensors.torch import load_file
from tokenizers import Tokenizer

import exits
import rowint8
import scoring

TEXTS = [
    "Kyiv",
    "Rain again.",
    "Ms. Okafor joined Lindqvist & Sons in Rotterdam last May.",
    'NATO Secretary General Mark Rutte spoke at the Verkhovna Rada in Kyiv, and "nobody left early", an aide said.',
    "PORT WORKERS IN VALPARAISO END STRIKE AFTER DEAL WITH HARBOUR BOARD",
    "the new library on tallinn street opened without a speech , but with cake",
    "Dr. Amélie Zhou-Brandt — née Brandt — told Reuters the Łódź clinic’s 40% target was “too low”. "
    "Health officials in Poland did not answer questions on Tuesday.",
    "A ferry carrying 212 passengers ran aground near the island of Samsø on Friday night, the Danish coast guard said. "
    "No one was hurt. Captain Henrik Aagaard told Jutland Radio that fog had come in faster than forecast, and that the "
    "crew of the Queen Ingrid had followed the rules of the Nordic Shipping Treaty. Two tugs from Aarhus reached the ship "
    "before midnight; buses took travellers on to Copenhagen. The owner, Baltic Lines, promised refunds. Its shares fell "
    "three percent in Oslo. In the Folketing, Liberal members asked Transport Minister Sofie Krogh for a report by Monday.",
]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    torch.manual_seed(0)
    model = scoring.load_model(args.model, rowint8.load(args.model))
    model.config._attn_implementation = "eager"
    tokenizer = Tokenizer.from_file(str(rowint8.base_of(args.model) / "tokenizer.json"))
    path = args.model / rowint8.EXITS
    early = load_file(path) if path.exists() else None
    rounded = lambda logits: [[round(x, 6) for x in row] for row in logits.tolist()]
    cases = []
    for text in TEXTS:
        ids = tokenizer.encode(text).ids
        with torch.no_grad():
            case = {"ids": ids, "logits": rounded(model(torch.tensor([ids])).logits[0])}
            if early:
                case["early"] = rounded(exits.logits(model, torch.tensor([ids]), early)[0])
        cases.append(case)
    args.out.parent.mkdir(parents=True, exist_ok=True)
    content = {"longest": model.config.max_position_embeddings, "sequences": cases}
    args.out.write_text(json.dumps(content) + "\n")
    print(f"{args.out}: {args.out.stat().st_size} bytes, lengths {[len(c['ids']) for c in cases]}")


if __name__ == "__main__":
    main()
