"""Draws the pictures of the demo again: `python -m tests.snapshots.remake`. Look at both afterwards.

docs/snapshot.png is shown in the documentation; the tests compare with tests/snapshots/demo.png.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image

ROOT = Path(__file__).parents[2]
EXPECTED = Path(__file__).with_name("demo.png")
SHOWN = ROOT / "docs" / "snapshot.png"


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, "-m", "canvus_async", "demo", "--out", folder], check=True, cwd=ROOT)
        with Image.open(Path(folder) / "canvas.png") as picture:
            for path, width in ((SHOWN, 1200), (EXPECTED, 480)):
                small = picture.resize((width, round(picture.height * width / picture.width)), Image.Resampling.LANCZOS)
                palette = small.quantize(256)
                few = small.quantize(palette=palette, dither=Image.Dither.FLOYDSTEINBERG)
                path.parent.mkdir(exist_ok=True)
                few.save(path, optimize=True)
                print(f"{path}: {path.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
