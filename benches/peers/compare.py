"""Times all engines in turns and writes the medians as tables: the first part of docs/PERFORMANCE.md.

`compare.py WORK_DIR OUTPUT.md [--rounds N] [--rust-bert PROGRAM]`
"""

import argparse
import datetime
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SINGLE = {"sentence": "one sentence at a time", "article": "one article of 800 words at a time"}
PACKS = ["pack4", "pack16"]
OURS = "newshound int8"
EARLY = "newshound int8, early exit"
FLAGS = {OURS: [], EARLY: ["--early-exit"]}
RUST_BERT = "rust-bert f32"
PEERS = ["openvino int8", "openvino int8+bf16", "openvino bf16", "onnxruntime int8", "ctranslate2 int8"]
AVX2 = {
    "ONEDNN_MAX_CPU_ISA": "AVX2",
    "CT2_FORCE_CPU_ISA": "AVX2",
    "NEWSHOUND_ISA": "avx2",
}
# These have no switch that limits them to AVX2.
NO_LIMIT = {"onnxruntime int8", RUST_BERT}


class Engine:
    def __init__(self, name, threads, args, extra):
        self.name, self.rates, self.peak = name, {}, 0.0
        if name in FLAGS:
            command = [ROOT / "target/release/examples/timed", args.work / "int8", "int8", str(threads)]
            command += [args.work / "work.json", *FLAGS[name]]
        elif name == RUST_BERT:
            command = [args.rust_bert, args.work / "int8", str(threads), args.work / "work.json"]
        else:
            command = [sys.executable, Path(__file__).with_name("engines.py"), name, str(threads), args.work]
        environment = os.environ | {"OMP_NUM_THREADS": str(threads)} | extra
        log = open(args.work / "engines.log", "a")
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True, env=environment
        )
        self.difference = None
        for line in self.process.stdout:
            if line.startswith("ready"):
                self.difference = line.split()[1:]
                return
        raise RuntimeError(f"{name} did not start; see {log.name}")

    def run(self, mode):
        # OpenMP's threads keep looking for work for some tenths of a second after a turn.
        time.sleep(0.5)
        self.process.stdin.write(mode + "\n")
        self.process.stdin.flush()
        tokens, seconds = self.process.stdout.readline().split()
        return float(tokens) / float(seconds)

    def stop(self):
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        self.peak = next(float(l.split()[1]) / 1024 for l in status.splitlines() if l.startswith("VmHWM"))
        self.process.stdin.close()
        self.process.wait()


def measure(threads, extra, names, args):
    """Median tokens a second of each engine and mode."""
    engines = [Engine(name, threads, args, extra) for name in names]
    modes = [*SINGLE, *PACKS]
    for engine in engines:
        for mode in modes:
            engine.run(mode)
    for _ in range(args.rounds):
        for mode in modes:
            for engine in engines:
                engine.rates.setdefault(mode, []).append(engine.run(mode))
    for engine in engines:
        engine.stop()
        engine.rates = {mode: statistics.median(rates) for mode, rates in engine.rates.items()}
        engine.rates["packs"] = max(engine.rates[mode] for mode in PACKS)
        print(engine.name, {m: round(r) for m, r in engine.rates.items()}, flush=True)
    return engines


def table(engines):
    modes = {**SINGLE, "packs": "packs, the best size for each engine"}
    lines = ["| engine | " + " | ".join(modes.values()) + " | peak memory |"]
    lines.append("|---|" + "---|" * (len(modes) + 1))
    for engine in engines:
        cells = " | ".join(f"{engine.rates[mode]:,.0f}" for mode in modes)
        lines.append(f"| {engine.name} | {cells} | {engine.peak:,.0f} MB |")
    best = [max(e.rates[mode] for e in engines if e.name not in FLAGS) for mode in modes]
    for ours in (e for e in engines if e.name in FLAGS):
        ratios = " | ".join(f"**{ours.rates[mode] / peer:.2f}**" for mode, peer in zip(modes, best))
        lines.append(f"| **{ours.name} / best peer** | {ratios} | |")
    return "\n".join(lines)


def processor():
    info = Path("/proc/cpuinfo").read_text().splitlines()
    field = lambda key: next(l.split(":", 1)[1].strip() for l in info if l.startswith(key))
    flags = field("flags").split()
    sets = [f for f in ("avx2", "avx_vnni", "avx512f", "avx512_vnni", "avx512_bf16", "amx_int8") if f in flags]
    name = f"{field('model name')} (family {field('cpu family')}, model {field('model')})"
    return f"{name}, {os.cpu_count()} logical processors, {', '.join(sets)}"


def whole_tool(args):
    """Words a second from text to JSONL: newshound's models and spaCy, in turns."""
    rows, command = [], [ROOT / "target/release/newshound", "tag", "--input-format", "jsonl", "--format", "jsonl"]
    ours = {
        "newshound-base": ["--model", "newshound-base"],
        "newshound-base, early exit": ["--model", "newshound-base", "--early-exit"],
        "newshound-small": ["--model", "newshound-small"],
    }
    spacy = [sys.executable, Path(__file__).with_name("spacy_jsonl.py")]
    corpus = args.work / "corpus.jsonl"
    words = json.loads((args.work / "corpus.json").read_text())["words"]
    for threads in (1, 2):
        calls = {name: [*command, *options, "--threads", str(threads)] for name, options in ours.items()}
        calls["spaCy"] = [*spacy, str(threads)]
        rates = {name: [] for name in calls}
        for _ in range(args.rounds):
            for name, call in calls.items():
                start = datetime.datetime.now()
                subprocess.run([*call, corpus], check=True, stdout=subprocess.DEVNULL)
                rates[name].append(words / (datetime.datetime.now() - start).total_seconds())
        *rates, theirs = (statistics.median(r) for r in rates.values())
        figures = " | ".join(f"{rate:,.0f}" for rate in (*rates, theirs))
        ratios = ", ".join(f"**{rate / theirs:.2f}**" for rate in rates)
        rows.append(f"| {threads} | {figures} | {ratios} |")
        print("whole tool", rows[-1], flush=True)
    head = f"| threads or processes | {' | '.join(ours)} | spaCy en_core_web_md | newshound / spaCy |\n" + "|---" * (len(ours) + 3) + "|\n"
    return head + "\n".join(rows)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("work", type=Path)
    parser.add_argument("output", type=Path)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--rust-bert", type=Path, help="the program that times rust-bert")
    args = parser.parse_args()
    if args.rust_bert:
        PEERS.append(RUST_BERT)
    report = Report(args)
    for threads in (1, 2):
        engines = measure(threads, {}, [*FLAGS, *PEERS], args)
        report.differences(engines)
        report.add(f"{threads} thread{'s' * (threads > 1)}", table(engines))
    obeying = [name for name in PEERS if name not in NO_LIMIT]
    report.add("1 thread, limited to AVX2", table(measure(1, AVX2, [*FLAGS, *obeying], args)))
    report.add("The whole tool, words a second", whole_tool(args))


class Report:
    """The page, written again after each table, so that an interrupted run leaves the tables it has."""

    def __init__(self, args):
        self.args, self.sections, self.found = args, [], ""
        before = args.output.read_text() if args.output.exists() else ""
        # The part that is kept by hand: all from the first heading of the second level on.
        self.remarks = "".join(before.partition("\n## ")[1:])

    def differences(self, engines):
        known = [(e.name, float(e.difference[0])) for e in engines if e.difference]
        self.found = ", ".join(f"{name} {difference:.2f}" for name, difference in known)

    def add(self, title, table):
        self.sections.append(f"### {title}\n\n{table}\n")
        template = Path(__file__).with_name("report.md").read_text()
        text = template.format(
            date=datetime.date.today(),
            processor=processor(),
            rounds=self.args.rounds,
            tables="\n".join(self.sections),
            differences=self.found,
        )
        self.args.output.write_text(text + self.remarks)


if __name__ == "__main__":
    main()
