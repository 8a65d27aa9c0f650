#!/usr/bin/env python3
"""Throughput and memory of `newshound annotate`, as ratios within one run.

    benches/corpus.py target/release/newshound [--texts TEXTS.jsonl] [--words 80] [--documents 20000]

Makes a corpus from data/articles.jsonl, or from texts of your own. Tags it with `tag` and with `annotate`
to JSONL and to Parquet, with one thread and with two, `--rounds` times in turns. Prints each run, then
medians. Then compares the peak memory of 1,000 and 100,000 short documents.
"""

import argparse
import json
import os
import statistics
import tempfile
import time
from pathlib import Path

ARTICLES = Path(__file__).parent.parent / "data" / "articles.jsonl"


def make(path, documents, texts, length=None):
    """Articles in turn, each with its words rotated, so that no two are the same."""
    with path.open("w", encoding="utf-8") as out:
        for number in range(documents):
            words = texts[number % len(texts)].split(" ")
            start = number // len(texts) * 7 % len(words)
            words = (words[start:] + words[:start])[:length]
            out.write(json.dumps({"id": number, "text": " ".join(words)}) + "\n")


def run(arguments):
    """Wall-clock seconds, processor seconds, peak memory in MiB."""
    begun = time.monotonic()
    pid = os.posix_spawn(
        arguments[0],
        arguments,
        os.environ,
        file_actions=[(os.POSIX_SPAWN_OPEN, 1, "/dev/null", os.O_WRONLY, 0)],
    )
    _, status, usage = os.wait4(pid, 0)
    assert os.waitstatus_to_exitcode(status) == 0, arguments
    seconds = time.monotonic() - begun
    return seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("newshound")
    parser.add_argument("--texts", type=Path, default=ARTICLES, help="JSONL of articles")
    parser.add_argument("--words", type=int, help="of each article [default: all]")
    parser.add_argument("--documents", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--model", help="another model than the one inside")
    args = parser.parse_args()
    model = ["--model", args.model] if args.model else []
    texts = [json.loads(line)["text"] for line in args.texts.open(encoding="utf-8")]
    with tempfile.TemporaryDirectory() as work:
        work = Path(work)
        corpus = work / "corpus.jsonl"
        make(corpus, args.documents, texts, args.words)
        tag = [args.newshound, "tag", *model, "-f", "jsonl", str(corpus), "--threads"]
        annotate = [args.newshound, "annotate", *model, "-q", "--restart", str(corpus), "--threads"]
        jsonl, parquet = (["-o", str(work / name)] for name in ("x.jsonl", "x.parquet"))
        kinds = {
            "tag, 1 thread": [*tag, "1"],
            "tag, 2 threads": [*tag, "2"],
            "annotate to JSONL, 1 thread": [*annotate, "1", *jsonl],
            "annotate to JSONL, 2 threads": [*annotate, "2", *jsonl],
            "annotate to Parquet, 2 threads": [*annotate, "2", *parquet],
        }
        runs = {name: [] for name in kinds}
        for _ in range(args.rounds):
            for name, command in kinds.items():
                runs[name].append(run(command))
                seconds, spent, _ = runs[name][-1]
                print(f"{name:32} {seconds:8.2f} s, {spent:8.2f} s of processor", flush=True)
        print("medians")
        clock, processor = {}, {}
        for name, found in runs.items():
            clock[name] = statistics.median(seconds for seconds, _, _ in found)
            processor[name] = statistics.median(seconds for _, seconds, _ in found)
            print(f"{name:32} {clock[name]:8.2f} s, {processor[name]:8.2f} s of processor")
        tags, one, two, columns = list(kinds)[1:]
        for name, above, below in [
            ("throughput of annotate over tag", tags, two),
            ("two threads over one", one, two),
            ("time of Parquet over JSONL", columns, two),
        ]:
            ratio, spent = clock[above] / clock[below], processor[above] / processor[below]
            print(f"{name:32} {ratio:8.3f} by the clock, {spent:.3f} by processor")
        peaks = []
        for documents in (1_000, 100_000):
            make(corpus, documents, texts, length=8)
            peaks.append(run([*annotate, "2", *jsonl])[2])
            print(f"peak memory of {documents:,} documents {peaks[-1]:8.1f} MiB", flush=True)
        print(f"{'ratio':32} {peaks[1] / peaks[0]:8.3f}")


if __name__ == "__main__":
    main()
