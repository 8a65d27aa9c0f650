#!/usr/bin/env bash
# Runs annotate.py on a local cluster of two workers, processes of their own, and compares
# its output with that of one newshound process. Needs Java 17, and PySpark for PYTHON.
#
#     PYTHON=venv/bin/python examples/spark/test.sh target/release/newshound corpus.jsonl [OPTIONS]
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
newshound=$(realpath "$1")
corpus=$(realpath "$2")
options=${3:-}
python=${PYTHON:-python3}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export PYSPARK_PYTHON=$python PYSPARK_DRIVER_PYTHON=$python SPARK_LOCAL_IP=127.0.0.1

# shellcheck disable=SC2086 # options are words
"$newshound" annotate --input-format jsonl --quiet $options "$corpus" \
    >"$work/wanted" 2>"$work/errors" || test $? = 1
"$python" -m pyspark.find_spark_home >/dev/null
spark=$("$python" -m pyspark.find_spark_home)
"$spark/bin/spark-submit" --master 'local-cluster[2,1,1024]' \
    --conf spark.hadoop.mapreduce.input.fileinputformat.split.minsize=1 \
    --conf spark.default.parallelism=4 \
    "$here/annotate.py" --newshound "$newshound" --options "$options" "$corpus" "$work/out"
cat "$work"/out/part-* >"$work/found"
parts=$(ls "$work"/out/part-* | wc -l)
test "$parts" -ge 2 || { echo "only $parts partition" >&2; exit 1; }
test -s "$work/wanted" || { echo "no output" >&2; exit 1; }
# Error records of documents without an id name file and line, which a partition of a
# stream does not know.
strip='s/"id":"[^"]*:[0-9]*"/"id":"?"/; s/line [0-9]*:/line ?:/'
diff <(sed "$strip" "$work/wanted") <(sed "$strip" "$work/found")
echo "$(wc -l <"$work/found") documents in $parts partitions are as those of one process"
