"""Fuzz the reader of subscriptions: `python -m tests.security.fuzz_stream --seconds 60`.

With atheris installed, the fuzzing is guided by coverage (it is not in the extra `dev`, because it has no wheels for
some systems). Without it, or with `--seed`, a simple mutator makes the inputs, the same ones for the same seed. What
must hold is in `hostile_bytes.py`.
"""

import argparse
import importlib.util
import random
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any


def guided(seconds: int) -> None:
    """Let atheris make the inputs. Exits the process, with status 0 if nothing was found."""
    import atheris  # type: ignore[import-not-found, unused-ignore]  # pyright: ignore[reportMissingImports]

    fuzzer: Any = atheris
    with fuzzer.instrument_imports(include=["canvus_async.protocol"]):  # before anything else imports it
        from tests.security import hostile_bytes

    with tempfile.TemporaryDirectory() as folder:
        corpus = Path(folder, "corpus")
        corpus.mkdir()
        for number, seed in enumerate(hostile_bytes.seeds()):
            (corpus / str(number)).write_bytes(b"\x03" + bytes(range(6)) + seed)
        words = Path(folder, "words")
        escaped = ("".join(f"\\x{byte:02x}" for byte in each) for each in hostile_bytes.FRAGMENTS if len(each) < 64)
        words.write_text("".join(f'"{each}"\n' for each in escaped), encoding="ascii")
        limits = [f"-max_total_time={seconds}", "-max_len=200000", "-rss_limit_mb=2048", f"-dict={words}"]
        fuzzer.Setup([sys.argv[0], *limits, str(corpus)], hostile_bytes.Target())
        fuzzer.Fuzz()


def main(arguments: Sequence[str] | None = None) -> None:
    options = argparse.ArgumentParser(prog="fuzz_stream", description="Fuzz the reader of subscriptions.")
    options.add_argument("--seconds", type=int, default=60)
    options.add_argument("--seed", type=int, help="use the mutator, with this seed")
    given = options.parse_args(arguments)
    if given.seed is None and importlib.util.find_spec("atheris"):
        guided(given.seconds)
        return
    from tests.security import hostile_bytes

    seed = random.randrange(1 << 32) if given.seed is None else given.seed
    print(f"mutating with seed {seed} for {given.seconds} s", flush=True)
    number = hostile_bytes.mutate(hostile_bytes.Target(), seed, seconds=given.seconds)
    print(f"{number} inputs, nothing found")


if __name__ == "__main__":
    main()
