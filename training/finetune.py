"""Fine-tunes the base encoder to tag names. Resumes from OUT/checkpoint.pt where there is one.

Writes OUT/{last,average}.safetensors: the final weights and their moving average.
"""

import argparse
import random
import time
from pathlib import Path

import torch
from safetensors.torch import save_file
from transformers import DistilBertConfig, DistilBertForTokenClassification

import recipe
import windows as win


def build_model(base):
    """A token classifier on the base encoder; the word embeddings stay as they are."""
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
    model = DistilBertForTokenClassification.from_pretrained(base, config=config, attn_implementation="sdpa", dtype=torch.float32)
    model.distilbert.embeddings.word_embeddings.weight.requires_grad = False
    return model


def build_optimizer(model):
    groups = {"matrix": [], "vector": [], "head": []}
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            kind = "head" if name.startswith("classifier") else "matrix" if parameter.ndim > 1 else "vector"
            groups[kind].append(parameter)
    head_rate = recipe.LEARNING_RATE * recipe.HEAD_RATE_FACTOR
    return torch.optim.AdamW(
        [
            {"params": groups["matrix"], "weight_decay": recipe.WEIGHT_DECAY},
            {"params": groups["vector"], "weight_decay": 0.0},
            {"params": groups["head"], "weight_decay": 0.0, "lr": head_rate},
        ],
        lr=recipe.LEARNING_RATE,
    )


def rate_factor(step):
    """The learning rate's share of its peak: linear up, slowly down, then faster down to zero."""
    if step < recipe.WARMUP:
        return (step + 1) / recipe.WARMUP
    slow = (recipe.LONG_STEPS - min(step, recipe.TURN)) / (recipe.LONG_STEPS - recipe.WARMUP)
    return slow * min(1.0, (recipe.STEPS - step) / (recipe.STEPS - recipe.TURN))


def loss_of(logits, targets, misc):
    """Mean negative log-likelihood of the words' labels.

    Where MISC was not annotated, a gold O says no more than "O or MISC".
    """
    logp = torch.log_softmax(logits, -1)
    hidden = [i for i, label in enumerate(recipe.LABELS) if label == "O" or label.endswith("MISC")]
    either = torch.logsumexp(logp[..., hidden], -1)
    exact = logp.gather(-1, targets.clamp(min=0).unsqueeze(-1)).squeeze(-1)
    likelihood = torch.where((targets == 0) & ~misc, either, exact)
    labelled = targets != win.IGNORED
    return -(likelihood * labelled).sum() / labelled.sum()


class Feed:
    """Batches without end. Pass k depends on the seed and k alone, so that a run can resume."""

    def __init__(self, sets, pieces):
        self.sets, self.pieces = sets, pieces

    def steps(self, first):
        step, passes = 0, 0
        while True:
            rng = random.Random(recipe.SEED * 1000 + passes)
            shares = recipe.PASSES[min(passes, len(recipe.PASSES) - 1)]
            windows = win.training_pass(self.sets, shares, self.pieces, rng)
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
    torch.manual_seed(recipe.SEED)
    torch.set_num_threads(args.threads)
    torch.set_flush_denormal(True)
    model = build_model(args.work / "base")
    model.config.save_pretrained(args.out)
    optimizer = build_optimizer(model)
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
    sets = {name: win.load(args.work / "sets" / f"{name}.jsonl") for name in recipe.PASSES[0]}
    for sentences in sets.values():
        win.measure(sentences, pieces)
    model.train()
    begin, subwords, running = time.time(), 0, 0.0
    last = min(recipe.STEPS, args.stop or recipe.STEPS)
    for step, (ids, mask, targets, misc) in Feed(sets, pieces).steps(first):
        if step >= last:
            break
        # Seeded per step, dropout does not depend on where a run was resumed.
        torch.manual_seed(recipe.SEED + step)
        for group, rate in zip(optimizer.param_groups, base_rates):
            group["lr"] = rate * rate_factor(step)
        logits = model(input_ids=ids, attention_mask=mask).logits
        loss = loss_of(logits, targets, misc)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(trained.values(), recipe.CLIP)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        decay = min(recipe.EMA_DECAY, (step + 1) / (step + 10))
        with torch.no_grad():
            torch._foreach_lerp_(list(average.values()), list(trained.values()), 1 - decay)
        subwords += int(mask.sum())
        running = loss.item() if step == first else 0.97 * running + 0.03 * loss.item()
        done = step + 1
        if done % 20 == 0:
            seconds = time.time() - begin
            print(f"step {done}/{recipe.STEPS} loss {running:.4f} {subwords / seconds:.0f} subwords/s {seconds:.0f} s", flush=True)
        if done % recipe.CHECKPOINT_EVERY == 0:
            state = {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "average": average, "step": done}
            torch.save(state, checkpoint.with_suffix(".part"))
            checkpoint.with_suffix(".part").rename(checkpoint)
    save_weights(model, average, args.out)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True, help="holds base/ and sets/")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--stop", type=int, help="stop at this step, for a trial")
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    train(args)


if __name__ == "__main__":
    main()
