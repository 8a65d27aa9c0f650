#!/usr/bin/env python3
"""Tags a corpus on a Spark cluster: every partition goes through `newshound annotate`.

    spark-submit annotate.py --newshound /opt/newshound 'corpus/*.jsonl' tagged/

Input is JSONL with `id` and `text`. Output is JSONL, a line for each line, in the same order
within a partition. The binary must be at the same path on every worker. It contains its
models, so nothing else has to be there. Each process runs one thread and leaves the
parallelism to Spark: give every executor as many cores as it has.
"""

import argparse
import shlex

from pyspark.sql import SparkSession


def annotate(lines, newshound, options=""):
    """Tags an RDD of JSON lines.

    A document that fails becomes an error record in its place, and newshound ends with exit
    code 1. That does not stop the job; any other code does.
    """
    command = (
        f"{shlex.quote(newshound)} annotate --input-format jsonl --threads 1 --quiet {options} -"
    )
    return lines.pipe(f"bash -c {shlex.quote(command + ' || test $? = 1')}", checkCode=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--newshound", default="newshound", help="path of the binary")
    parser.add_argument("--options", default="", help="further options of newshound annotate")
    parser.add_argument("input", help="JSONL files, as Spark names them")
    parser.add_argument("output", help="directory to write")
    args = parser.parse_args()
    spark = SparkSession.builder.appName("newshound").getOrCreate()
    lines = spark.sparkContext.textFile(args.input)
    annotate(lines, args.newshound, args.options).saveAsTextFile(args.output)
    spark.stop()


if __name__ == "__main__":
    main()
