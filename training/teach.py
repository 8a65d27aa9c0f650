"""Fine-tunes teachers, has them read all texts, and teaches the student what they say. Wants a GPU.

Reads WORK/texts.npz, the teachers' encoder and what the student starts from; writes
OUT/average.safetensors. The same seed gives nearly the same weights: a GPU adds in no fixed order.
With --compared it reads WORK/compared.npz, and writes a student of each seed, OUT/SEED/average.safetensors;
with --from these start from other weights of the base encoder.
"""

import argparse
import multiprocessing
import time
from collections import deque
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch.nn import functional

import evaluate
import export
import finetune
import gather
import nets
import recipe
import scoring
import texts as txt
import windows as win

MAKERS = 12  # processes that make passes
AHEAD = 4  # passes
READ_AT_ONCE = 65536  # subwords, padding included


def make_pass(seed, **how):
    return txt.training_pass(make_pass.texts, seed=seed, **how)


class Feed:
    """Passes without end, made ahead by other processes. Pass k depends on the name, the seed and k alone."""

    def __init__(self, pool, name, **how):
        self.pool, self.name, self.how, self.count = pool, name, how, 0
        self.ahead = deque(self.ask() for _ in range(AHEAD))

    def ask(self):
        self.count += 1
        return self.pool.apply_async(make_pass, (f"{recipe.SEED} {self.name} {self.count}",), self.how)

    def __iter__(self):
        while True:
            found = self.ahead.popleft().get()
            self.ahead.append(self.ask())
            yield found


class Batch:
    """One batch of a pass on the device: `ids` [windows, length], the windows' `lengths` and first
    `sentences`; and of the words in them the window (`rows`), the place there and that in the texts."""

    def __init__(self, given, on, k, pad):
        first, last = (int(w) for w in given.batches[k : k + 2])
        begin, end = int(given.firsts[first]), int(given.firsts[last])
        starts = on["starts"][first:last]
        self.lengths = on["starts"][first + 1 : last + 1] - starts
        longest = int(np.diff(given.starts[first : last + 1]).max())
        place = torch.arange((longest + 7) // 8 * 8, device=starts.device)
        at = (starts[:, None] + place[None]).clamp(max=len(on["ids"]) - 1)
        self.ids = torch.where(place[None] < self.lengths[:, None], on["ids"][at], pad)
        self.words, self.places = on["words"][begin:end], on["places"][begin:end].long()
        counts = on["firsts"][first + 1 : last + 1] - on["firsts"][first:last]
        self.rows = torch.repeat_interleave(torch.arange(last - first, device=starts.device), counts, output_size=end - begin)
        self.sentences = on["sentences"][first:last]


def batches(found, pad, device):
    """The batches of a pass."""
    names = ("ids", "starts", "words", "places", "firsts", "sentences")
    on = {name: torch.from_numpy(getattr(found, name)).to(device) for name in names}
    for k in range(len(found.batches) - 1):
        yield Batch(found, on, k, pad)


class Known:
    """What is known of words and sentences, on the device: labels that were read and, once teachers have
    read the texts, `taught` [words, labels] and a table of states [words, size] of each that is imitated."""

    def __init__(self, texts, device):
        self.labels = torch.from_numpy(texts.labels).to(device)
        self.misc = torch.from_numpy(texts.misc).to(device)
        self.topics = torch.from_numpy(texts.topics).to(device).float()
        self.taught, self.states = None, []


def teacher_loss(net, known, batch, states, progress, stage):
    labels = known.labels[batch.words].long()
    _, found = finetune.likelihood(net.labels(states).float(), labels, known.misc[batch.sentences][batch.rows])
    read = labels != txt.NOT_READ
    return -(found * read).sum() / read.sum().clamp(min=1)


def student_loss(net, known, batch, states, progress, stage):
    labels = known.labels[batch.words].long()
    logp, found = finetune.likelihood(net.labels(states).float(), labels, known.misc[batch.sentences][batch.rows])
    gold = (labels != txt.NOT_READ) * stage["gold"]
    loss = -(gold * found + (1 - gold) * (known.taught[batch.words].float() * logp).sum(-1)).mean()
    share = stage["states"] * max(0.0, 1 - progress / stage["states_until"]) / max(1, len(known.states))
    for guess, table in zip(net.guesses, known.states):
        loss = loss + share * functional.mse_loss(guess(states).float(), table[batch.words].float())
    topics = known.topics[batch.sentences]
    about = net.about(states, batch.rows, len(batch.sentences)).float()
    about = functional.binary_cross_entropy_with_logits(about, topics, reduction="none").sum(-1)
    has = topics.any(-1)
    return loss + stage["topics"] * (about * has).sum() / has.sum().clamp(min=1)


def word_states(net, batch):
    with torch.autocast(batch.ids.device.type, torch.bfloat16):
        return net.states(batch.ids, batch.lengths)[batch.rows, batch.places]


def train(name, net, known, loss_of, passes, pad, stage, device):
    """Trains for the stage's steps; leaves the moving average of the weights in the network."""
    optimizer = finetune.build_optimizer(net, stage["rate"], True, stage.get("heads", recipe.HEAD_RATE_FACTOR))
    rates = [group["lr"] for group in optimizer.param_groups]
    trained = [p for p in net.parameters() if p.requires_grad]
    average = [p.detach().clone() for p in trained]
    net.train()
    begin, step, subwords, steps = time.time(), 0, 0, stage["steps"]
    switch = round(steps * stage.get("last_from", 1))
    while step < steps:
        until, shares = (switch, "shares") if step < switch else (steps, "last")
        for batch in batches(next(passes[shares]), pad, device):
            if step == until:
                break
            for group, rate in zip(optimizer.param_groups, rates):
                group["lr"] = rate * finetune.rate_factor(stage, step)
            states = word_states(net, batch)
            with torch.autocast(device, torch.bfloat16):
                loss = loss_of(net, known, batch, states, step / steps, stage)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(trained, recipe.CLIP)
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
            with torch.no_grad():
                torch._foreach_lerp_(average, trained, 1 - min(stage["average"], (step + 1) / (step + 10)))
            subwords += batch.ids.numel()
            step += 1
            if step % 200 == 0:
                seconds = time.time() - begin
                print(f"{name}: step {step}/{steps} loss {loss.item():.4f} {subwords / seconds:.0f} subwords/s {seconds:.0f} s", flush=True)
    with torch.no_grad():
        for parameter, mean in zip(trained, average):
            parameter.copy_(mean)
    net.eval()


@torch.no_grad()
def read(net, texts, tokenizer, lengths, device, names=None, at_once=READ_AT_ONCE, window=recipe.WINDOW):
    """(places of words in the texts, states, probabilities of labels), batch by batch, in windows as long as may
    be, of the named sets or of all."""
    for batch in batches(txt.reading_pass(texts, tokenizer, lengths, at_once, names, window), texts.subwords[tokenizer].pad, device):
        states = word_states(net, batch)
        with torch.autocast(device, torch.bfloat16):
            logits = net.labels(states)
        yield batch.words, states, logits.float().softmax(-1)


def normed(states):
    """States as they are imitated."""
    return functional.layer_norm(states.float(), states.shape[-1:]).bfloat16()


def start(net, state, device):
    """The network with these weights; only heads may be missing from them."""
    missing, unexpected = net.load_state_dict(state, strict=False)
    assert not unexpected and all(name.startswith(finetune.HEADS) for name in missing), (missing, unexpected)
    return net.to(device)


def encoder_weights(path):
    """Those of the teachers' encoder that nets.MPNet has."""
    weights = load_file(path)
    return {name: tensor for name, tensor in weights.items() if not name.startswith("pooler") and tensor.is_floating_point()}


def print_scores(who, work, texts, said, names):
    """F1 on the sets that nobody is trained on."""
    for name, rows in gather.load(work, names).items():
        first, last = texts.starts[list(texts.ranges[name])]
        of_rows = np.split(said[first:last].float().cpu().numpy(), np.cumsum([len(row["words"]) for row in rows])[:-1])
        found = [scoring.viterbi(scoring.log(p)) for p in of_rows]
        print(f"{who}: {name} {100 * scoring.score(rows, found, evaluate.NAMES)['overall']['f1']:.2f}", flush=True)


def student_start(work, stage, base):
    """The student with the weights it starts from; new heads on the base encoder's, a file, where none are named."""
    net = nets.Distil()
    if stage["start"]:
        state = {name: torch.from_numpy(value) for name, value in export.mean(work, stage["start"]).items()}
    else:
        torch.nn.init.normal_(net.classifier.weight, std=0.02)
        torch.nn.init.zeros_(net.classifier.bias)
        state = load_file(base)
    return net, state


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True, help="holds texts.npz, sets/, teacher_base/ and what the stages wrote")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--compared", action="store_true")
    parser.add_argument("--from", dest="weights", type=Path, help="weights of the base encoder, WORK/base/model.safetensors if not given")
    args = parser.parse_args()
    base = args.weights or args.work / "base" / "model.safetensors"
    teachers, stage, apart, file = gather.plan(args.compared)
    outs = {seed: args.out / str(seed) for seed in recipe.COMPARED_SEEDS} if args.compared else {recipe.SEED: args.out}
    # A folder that cannot be made should be known before hours of work.
    for out in outs.values():
        out.mkdir(parents=True, exist_ok=True)
    texts = txt.Texts.load(args.work / file)
    make_pass.texts = texts
    lengths = {name: texts.lengths(name) for name in texts.subwords}
    # The processes are started before the device is used.
    pool = multiprocessing.get_context("fork").Pool(MAKERS)
    device = "cuda" if torch.cuda.is_available() else "cpu"

    def feeds(name, kind, stage, without=None):
        how = dict(tokenizer=kind, lengths=lengths[kind], case=stage["case"], budget=stage["batch"], without=without)
        return {key: iter(Feed(pool, name, shares=stage[key], **how)) for key in ("shares", "last") if key in stage}

    # Each teacher has not been trained on a part of the texts that it labels here.
    count, document = teachers["count"], texts.documents()
    of_teachers = [feeds(f"teacher {k}", "teacher", teachers, document % count == k) for k in range(count)]
    of_students = {seed: feeds("student" if seed == recipe.SEED else f"student {seed}", "student", stage) for seed in outs}
    known = Known(texts, device)
    total = torch.zeros(len(texts.words), len(recipe.LABELS), device=device)
    for k in range(count):
        torch.manual_seed(recipe.SEED + k)
        net = start(nets.MPNet(), encoder_weights(args.work / "teacher_base" / "model.safetensors"), device)
        train(f"teacher {k}", net, known, teacher_loss, of_teachers[k], texts.subwords["teacher"].pad, teachers, device)
        if k < stage["imitated"]:
            known.states.append(torch.zeros(len(texts.words), net.classifier.in_features, dtype=torch.bfloat16, device=device))
        for words, states, p in read(net, texts, "teacher", lengths["teacher"], device):
            total[words] += p
            if k < stage["imitated"]:
                known.states[k][words] = normed(states)
    known.taught = (total / total.sum(-1, keepdim=True).clamp(min=1e-6)).half()
    print_scores("teachers", args.work, texts, known.taught, apart)
    for seed, out in outs.items():
        torch.manual_seed(seed)
        net = start(*student_start(args.work, stage, base), device)
        net.guesses = torch.nn.ModuleList(torch.nn.Linear(net.classifier.in_features, table.shape[1]) for table in known.states).to(device)
        train(f"student {seed}", net, known, student_loss, of_students[seed], texts.subwords["student"].pad, stage, device)
        state = {name: tensor.cpu().contiguous() for name, tensor in net.state_dict().items() if not name.startswith("guesses")}
        save_file(state, out / "average.safetensors", metadata={"format": "pt"})
        finetune.config_of(args.work / "base").save_pretrained(out)
    pool.terminate()


if __name__ == "__main__":
    main()
