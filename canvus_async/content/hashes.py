"""Whether the content hashes of a server are SHA-256, so that downloads can be checked against them.

The API does not say how hashes are computed. Those of the embedded server are SHA-256 in 64 hexadecimal digits. Those
of a real server have 12 digits in the documentation and 64 in recordings, computed in an unknown way. So this is found
out for each server: the first body whose SHA-256 equals its hash proves that hashes are SHA-256, and from then on a
body with another SHA-256 is an error. If the first few bodies do not match, hashes count as opaque names.
"""

import re

_SHA256 = re.compile(r"[0-9a-fA-F]{64}")
_TRIALS = 3


class ContentHashes:
    """What is known about the hashes of one server."""

    def __init__(self) -> None:
        self.proven = False
        self._mismatches: set[str] = set()

    def worth_computing(self, name: str) -> bool:
        """Whether computing the SHA-256 of the content with the hash `name` is useful."""
        return (self.proven or len(self._mismatches) < _TRIALS) and _SHA256.fullmatch(name) is not None

    def matches(self, name: str, sha256: str) -> bool:
        """Whether content with this SHA-256 can have the hash `name`. Remembers the result as evidence."""
        if name.lower() == sha256:
            self.proven = True
        elif not self.proven:
            self._mismatches.add(name)
        else:
            return False
        return True
