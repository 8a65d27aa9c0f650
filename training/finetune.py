"""Runs one stage of fine-tuning. Resumes from OUT/checkpoint.pt where there is one.

Starts from the base encoder or, with --from, from the weights of an earlier stage. Writes
OUT/{last,average}.safetensors: the final weights and their moving average.
"""

import argparse
import random
import time
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from transformers import DistilBertConfig, DistilBertForTokenClassification

import recipe
import windows as win

STAGES = {stage["name"]: stage for stage in [*recipe.STAGES, recipe.LAST, recipe.COMPARED]}

# The layers that are new where fine-tuning starts, and learn faster.
HEADS = ("classifier", "topics", "shape", "guesses")


class TopicHead(torch.nn.Module):
    """Scores of the document's topics: one attention over the words' states, one linear layer."""

    def __init__(self, size):
        super().__init__()
        self.attention = torch.nn.Linear(size, 1)
        self.output = torch.nn.Linear(size, recipe.TOPICS)
        self.dropout = torch.nn.Dropout(recipe.DROPOUT)

    def forward(self, states, words):
        """Logits [batch, topics] for states [batch, length, size] of which `words` are the words'."""
        weights = self.attention(states).squeeze(-1).masked_fill(~words, -1e4).softmax(-1)
        return self.output(self.dropout((weights.unsqueeze(-1) * states).sum(1)))


class Tagger(DistilBertForTokenClassification):
    """A token classifier that may also score topics. Those share its states and train them a little."""

    def __init__(self, config, topics):
        super().__init__(config)
        self.topics = TopicHead(config.dim) if topics else None
        self.post_init()

    def forward(self, ids, mask, words):
        """Logits of labels [batch, length, labels] and of topics [batch, topics] or None."""
        states = self.distilbert(input_ids=ids, attention_mask=mask).last_hidden_state
        logits = self.classifier(self.dropout(states))
        return logits, self.topics(states, words) if self.topics else None


def config_of(base):
    """The configuration of a tagger on the base encoder."""
    config = DistilBertConfig.from_pretrained(
        base,
        num_labels=len(recipe.LABELS),
        id2label=dict(enumerate(recipe.LABELS)),
        label2id={label: i for i, label in enumerate(recipe.LABELS)},
        dropout=recipe.DROPOUT,
        # Dropout inside attention would rule out the fused kernel.
        attention_dropout=0.0,
        seq_classif_dropout=recipe.DROPOUT,
    )
    config.architectures = ["DistilBertForTokenClassification"]
    return config


def build_model(base, topics, weights=None):
    """A tagger on the base encoder; the word embeddings stay as they are.

    With `weights`, a file of an earlier stage, the parameters it has start from there.
    """
    config = config_of(base)
    model = Tagger.from_pretrained(base, topics=topics, config=config, attn_implementation="sdpa", dtype=torch.float32)
    if weights:
        _, unexpected = model.load_state_dict(load_file(weights), strict=False)
        assert not unexpected, unexpected
    model.distilbert.embeddings.word_embeddings.weight.requires_grad = False
    return model


def build_optimizer(model, rate, fused=False, heads=recipe.HEAD_RATE_FACTOR):
    groups = {"matrix": [], "vector": [], "head": []}
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            kind = "head" if name.startswith(HEADS) else "matrix" if parameter.ndim > 1 else "vector"
            groups[kind].append(parameter)
    return torch.optim.AdamW(
        [
            {"params": groups["matrix"], "weight_decay": recipe.WEIGHT_DECAY},
            {"params": groups["vector"], "weight_decay": 0.0},
            {"params": groups["head"], "weight_decay": 0.0, "lr": rate * heads},
        ],
        lr=rate,
        fused=fused,
    )


def rate_factor(stage, step):
    """The learning rate as a share of its peak: linear up, then linear down to the stage's floor, or zero."""
    if step < stage["warmup"]:
        return (step + 1) / stage["warmup"]
    left = (stage["steps"] - step) / (stage["steps"] - stage["warmup"])
    floor = stage.get("floor", 0.0)
    return floor + (1 - floor) * left


def likelihood(logits, targets, misc):
    """Log-probabilities of all labels, and of those that the words have; what is negative there is none.

    Where MISC was not annotated, a gold O says no more than "O or MISC".
    """
    logp = torch.log_softmax(logits, -1)
    hidden = [i for i, label in enumerate(recipe.LABELS) if label == "O" or label.endswith("MISC")]
    either = torch.logsumexp(logp[..., hidden], -1)
    exact = logp.gather(-1, targets.clamp(min=0).unsqueeze(-1)).squeeze(-1)
    return logp, torch.where((targets == 0) & ~misc, either, exact)


def loss_of(logits, targets, misc):
    """Mean negative log-likelihood of the words' labels."""
    _, found = likelihood(logits, targets, misc)
    labelled = targets != win.IGNORED
    return -(found * labelled).sum() / labelled.sum()


def topic_loss(logits, topics):
    """Binary cross-entropy summed over the topics, mean over the windows whose topics are known."""
    known = topics.any(-1)
    losses = torch.nn.functional.binary_cross_entropy_with_logits(logits, topics, reduction="none").sum(-1)
    return (losses * known).sum() / known.sum().clamp(min=1)


class Feed:
    """Endless batches. Pass k depends on the stage, the seed and k alone, so a run can resume."""

    def __init__(self, stage, seed, sets, pieces):
        self.stage, self.seed, self.sets, self.pieces = stage, seed, sets, pieces

    def steps(self, first):
        step, passes = 0, 0
        while True:
            rng = random.Random(f"{self.seed} {self.stage['name']} {passes}")
            shares = self.stage["passes"][min(passes, len(self.stage["passes"]) - 1)]
            windows = win.training_pass(self.sets, shares, self.stage.get("case", recipe.CASE), self.pieces, rng)
            order = list(win.batches(windows, recipe.BATCH))
            rng.shuffle(order)
            print(f"pass {passes}: {len(windows)} windows, {len(order)} batches, {sum(len(w['ids']) for w in windows)} subwords", flush=True)
            for batch in order:
                if step >= first:
                    yield step, win.collate([windows[i] for i in batch], self.pieces.pad)
                step += 1
            passes += 1


def save_weights(model, average, out):
    state = {n: t.detach().clone().contiguous() for n, t in model.state_dict().items()}
    save_file(state, out / "last.safetensors", metadata={"format": "pt"})
    save_file(state | average, out / "average.safetensors", metadata={"format": "pt"})


def train(args):
    stage = STAGES[args.stage]
    torch.manual_seed(args.seed)
    torch.set_num_threads(args.threads)
    torch.set_flush_denormal(True)
    model = build_model(args.work / "base", stage["topics"] > 0, args.weights)
    model.config.save_pretrained(args.out)
    optimizer = build_optimizer(model, stage["rate"])
    base_rates = [group["lr"] for group in optimizer.param_groups]
    trained = {n: p for n, p in model.named_parameters() if p.requires_grad}
    average = {n: p.detach().clone() for n, p in trained.items()}
    first, checkpoint = 0, args.out / "checkpoint.pt"
    if checkpoint.exists():
        state = torch.load(checkpoint)
        model.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])
        average, first = state["average"], state["step"]
        print(f"resuming at step {first}", flush=True)
    pieces = win.Pieces(args.work / "base" / "tokenizer.json")
    sets = {name: win.load(args.work / "sets" / f"{name}.jsonl") for shares in stage["passes"] for name in shares}
    for sentences in sets.values():
        win.measure(sentences, pieces)
    model.train()
    begin, subwords, running = time.time(), 0, torch.zeros(2)
    last = min(stage["steps"], args.stop or stage["steps"])
    for step, (ids, mask, targets, misc, topics) in Feed(stage, args.seed, sets, pieces).steps(first):
        if step >= last:
            break
        # Seeded per step, dropout does not depend on where a run was resumed.
        torch.manual_seed(args.seed + step)
        for group, rate in zip(optimizer.param_groups, base_rates):
            group["lr"] = rate * rate_factor(stage, step)
        # bf16 products halve the time where the processor has them; sums stay f32.
        with torch.autocast("cpu", torch.bfloat16):
            logits, topic_logits = model(ids, mask, targets != win.IGNORED)
        loss = loss_of(logits.float(), targets, misc)
        about = topic_loss(topic_logits.float(), topics) if stage["topics"] else loss.new_zeros(())
        (loss + stage["topics"] * about).backward()
        torch.nn.utils.clip_grad_norm_(trained.values(), recipe.CLIP)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        decay = min(recipe.EMA_DECAY, (step + 1) / (step + 10))
        with torch.no_grad():
            torch._foreach_lerp_(list(average.values()), list(trained.values()), 1 - decay)
        subwords += int(mask.sum())
        losses = torch.stack([loss.detach(), about.detach()])
        running = losses if step == first else 0.97 * running + 0.03 * losses
        done = step + 1
        if done % 20 == 0:
            seconds = time.time() - begin
            print(f"step {done}/{stage['steps']} loss {running[0]:.4f} topics {running[1]:.3f} {subwords / seconds:.0f} subwords/s {seconds:.0f} s", flush=True)
        if done % recipe.CHECKPOINT_EVERY == 0:
            state = {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "average": average, "step": done}
            torch.save(state, checkpoint.with_suffix(".part"))
            checkpoint.with_suffix(".part").rename(checkpoint)
    save_weights(model, average, args.out)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True, help="holds base/ and sets/")
    parser.add_argument("--stage", required=True, choices=list(STAGES))
    parser.add_argument("--from", dest="weights", type=Path, help="weights of an earlier stage to start from")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=recipe.SEED)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--stop", type=int, help="stop at this step, for a trial")
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    train(args)


if __name__ == "__main__":
    main()
