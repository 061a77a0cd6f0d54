"""The command line `canvus` (extra `cli`)."""

import sys
from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit with its status: 0 success, 1 failure, 2 wrong usage, 130 interrupted."""
    try:
        from canvus_async.cli.app import run  # noqa: PLC0415  # without the extra, print one line and no traceback
    except ModuleNotFoundError as missing:
        if missing.name is not None and missing.name.startswith("canvus_async"):
            raise
        print(f"canvus: {missing.name} is not installed; run: pip install 'canvus-async[cli]'", file=sys.stderr)
        sys.exit(1)
    sys.exit(run(arguments))
