"""Labels pieces of text with probabilities of topics: WORK/sets/topic_pieces.jsonl, rows of
`{"text": ..., "topics": [a probability for each]}`.

The taught weights have seen the topics of nearly all labelled articles, so a head that is fitted on these
alone trusts its states too much. Of the pieces they have seen no topics. The labels are the mean of two: of a
linear layer on the sentence vectors of the teachers' encoder, and of the head of the weights from before they
were taught, whose folder `--untaught` names.
"""

import argparse
import hashlib
import json
import random
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file
from tokenizers import Tokenizer
from torch.nn import functional
from transformers import MPNetModel

import topics
import recipe

SEED = 5
NEWS, OTHER = ("gmb_rest", "gmb_read"), ("ewt", "gum", "crossner", "wire")
NEWS_SENTENCES, OTHER_SENTENCES = (1, 2, 3, 4, 5, 6, 8), (1, 2, 4, 6)  # of a piece
SHORTEST = 6  # words
HEADLINES = 4000
LONGEST = 128  # subwords that a vector is made of
SUBWORDS = 4096  # of a batch
DECAY = 8e-4
SPREAD = 8  # vectors have length one
CLOSING, OPENING = set(".,;:!?)]}%") | {"'s", "n't", "'re", "'ve", "'ll", "'d", "'m"}, "([{$"


def joined(words):
    """Words as text, marks where they belong."""
    text = ""
    for word in words:
        text += word if not text or word in CLOSING or text[-1] in OPENING else f" {word}"
    return text


def pieces_of(path, lengths, rng):
    """Runs of sentences of one text."""
    piece, length = [], rng.choice(lengths)
    for line in path.read_text(encoding="utf8").split("\n")[:-1]:
        row = json.loads(line)
        if row["opens"] and piece:
            yield " ".join(piece)
            piece, length = [], rng.choice(lengths)
        piece.append(joined(row["words"]))
        if len(piece) == length:
            yield " ".join(piece)
            piece, length = [], rng.choice(lengths)


def pieces(data, sets):
    rng = random.Random(SEED)
    found = []
    for names, lengths in ((NEWS, NEWS_SENTENCES), (OTHER, OTHER_SENTENCES)):
        for name in names:
            found += pieces_of(sets / f"{name}.jsonl", lengths, rng)
    found = [piece for piece in found if len(piece.split()) >= SHORTEST]
    with open(data / "topics/huffpost/all.tsv", encoding="utf8") as file:
        rows = [line.split("\t") for line in file]
    return found + [text.strip() for _, text in rng.sample(rows, HEADLINES)]


def vectors(texts, teacher, work):
    """The mean of the words' states of each text, of length one."""
    digest = hashlib.sha256(json.dumps(texts).encode()).hexdigest()
    path = work / "topics" / f"{digest[:16]}.npy"
    if path.exists():
        return torch.from_numpy(np.load(path))
    tokenizer = Tokenizer.from_file(str(teacher / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(LONGEST)
    model = MPNetModel.from_pretrained(teacher).eval().to(torch.bfloat16)
    encoded = [torch.tensor(e.ids) for e in tokenizer.encode_batch(texts)]
    order = sorted(range(len(texts)), key=lambda i: -len(encoded[i]))
    found = torch.zeros(len(texts), model.config.hidden_size)
    while order:
        count = max(1, SUBWORDS // len(encoded[order[0]]))
        batch, order = order[:count], order[count:]
        ids = torch.nn.utils.rnn.pad_sequence([encoded[i] for i in batch], True, model.config.pad_token_id)
        there = torch.arange(ids.shape[1]) < torch.tensor([len(encoded[i]) for i in batch])[:, None]
        with torch.no_grad():
            states = model(input_ids=ids, attention_mask=there.long()).last_hidden_state.float()
        found[batch] = functional.normalize((states * there[..., None]).sum(1), dim=1)
    path.parent.mkdir(exist_ok=True)
    np.save(path, found.numpy())
    return found


def linear(vectors, documents):
    """A layer from vectors to the logits of topics."""
    layer = torch.nn.Linear(vectors.shape[1], recipe.TOPICS)
    torch.nn.init.zeros_(layer.weight)
    optimizer = torch.optim.LBFGS(layer.parameters(), max_iter=400, line_search_fn="strong_wolfe")

    def closure():
        optimizer.zero_grad()
        loss = topics.loss_of(layer(SPREAD * vectors), documents) + DECAY * layer.weight.square().sum()
        loss.backward()
        return loss

    optimizer.step(closure)
    return layer


def load(path):
    """A head that `topics.save` wrote; its queries have that of the plain mean behind them."""
    stored = load_file(path)
    head = topics.Head(stored["attention.weight"].shape[1])
    head.load_state_dict(
        {
            "queries": stored["attention.weight"][:-1],
            "decline": stored["attention.decline"][:-1],
            "output.weight": stored["output.weight"],
            "output.bias": stored["output.bias"],
        }
    )
    return head.eval()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--annotations", type=Path, required=True, help="folder of stand-off names")
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--teacher", type=Path, required=True, help="folder of the teachers' encoder")
    parser.add_argument("--untaught", type=Path, required=True, help="folder of the model before it was taught")
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    torch.manual_seed(SEED)
    texts = pieces(args.data, args.work / "sets")
    known, _ = topics.documents(args.data, args.annotations)
    found = vectors([text for _, _, text, _ in known] + texts, args.teacher, args.work)
    # The vectors are of an encoder that has seen no topics.
    labelled = [{"known": "one" if k == "one" else "all", "topics": t} for k, _, _, t in known]
    layer = linear(found[: len(known)], labelled)
    states = topics.read([("chances", 2, text, []) for text in texts], args.untaught, args.work)
    one = topics.logits_of(load(args.untaught / "topics.safetensors"), states)
    # Texts without a word have no states.
    other = layer(SPREAD * found[len(known) :]).detach()[[state["at"] for state in states]]
    chances = torch.sigmoid((one + other) / 2)
    with open(args.work / "sets/topic_pieces.jsonl", "w", encoding="utf8") as file:
        for state, row in zip(states, chances.tolist()):
            text = texts[state["at"]]
            file.write(json.dumps({"text": text, "topics": [round(p, 4) for p in row]}, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
