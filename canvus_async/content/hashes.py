"""Whether a server's content hashes can be checked: whether they are the SHA-256 of the content.

No answer of a Canvus server says how its hashes are made. The embedded server's are the SHA-256 in 64 hexadecimal
digits; a real server's have 12 digits in its documents and 64 in recordings, made nobody knows how. So the evidence
decides: the first body that has the SHA-256 it is named by proves it for that server, since nothing else could, and
from then on one that has not is refused. Where the first few have not, the hashes are taken for opaque names.
"""

import re

_SHA256 = re.compile(r"[0-9a-fA-F]{64}")
_TRIALS = 3


class ContentHashes:
    """What is known of one server's hashes."""

    def __init__(self) -> None:
        self.proven = False
        self._misses: set[str] = set()

    def worth_computing(self, name: str) -> bool:
        """Whether the SHA-256 of the content named so would tell anything."""
        return (self.proven or len(self._misses) < _TRIALS) and _SHA256.fullmatch(name) is not None

    def fits(self, name: str, sha256: str) -> bool:
        """Whether content with that SHA-256 can be what the server calls `name`; learns from it."""
        if name.lower() == sha256:
            self.proven = True
        elif not self.proven:
            self._misses.add(name)
        else:
            return False
        return True
