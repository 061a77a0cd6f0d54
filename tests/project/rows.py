"""What can go wrong, a row each, and the tests that are named by it: `python -m tests.project.rows` writes the table.

A test shows what becomes of a row by carrying its id in its name: `test_u4_...`, `test_s43_u10_...`, `test_s01_...`.
"""

import re

from tests.project.page import PAGE, put, written

BEGIN, END = "<!-- rows: written by `python -m tests.project.rows` -->", "<!-- end of rows -->"

STREAMS = {
    "S1": "a line cut at every byte, or sent byte by byte",
    "S2": "CRLF, blank lines, spaces around the JSON",
    "S3": "a character split between two chunks",
    "S4": "a first line of 12 MB",
    "S5": "a line over the limit, or bytes without any LF",
    "S6": "five million blank lines",
    "S7": "an hour of nothing but keepalives",
    "S8": "silence, not even keepalives",
    "S9": "a server that vanishes without a FIN or RST",
    "S10": "an answer's head that never comes, or comes byte by byte",
    "S11": "a head, and no first line",
    "S12": "a FIN or RST amid a line, or while the consumer is busy",
    "S13": "an answer that ends properly at once, again and again",
    "S14": "a line that is no JSON, or no objects",
    "S15": "bytes that are no UTF-8, and NUL",
    "S16": "half a surrogate pair",
    "S17": "a byte-order mark",
    "S18": "nesting 200,000 deep",
    "S19": "numbers that no float holds; NaN and Infinity",
    "S20": "an unknown `widget_type`",
    "S21": "optional fields missing, fields nobody knows",
    "S22": "one object of a thousand that does not fit",
    "S23": "an object without an id",
    "S24": "an unknown `state`",
    "S25": "the same again",
    "S26": "a delete of what is not there",
    "S27": "created, deleted and created again between two reads",
    "S28": "changed fields only",
    "S29": "changed fields only, of something never seen",
    "S30": "an object twice in a snapshot, deleted ones in it",
    "S31": "a snapshot of nothing after a reconnect",
    "S32": "an id that now names another type",
    "S33": "a compressed stream, although asked not to",
    "S34": "a login page with status 200",
    "S35": "401 at the beginning",
    "S36": "a token revoked midway",
    "S37": "a token function that raises or hangs",
    "S38": "403 at the beginning, or later",
    "S39": "404 at the beginning; a canvas deleted midway",
    "S40": "429 with a `Retry-After` of any form",
    "S41": "bursts of 500, 502, 503, 504",
    "S42": "400, 405, 410, 501",
    "S43": "a redirect to another host, port or scheme",
    "S44": "a redirect on the same origin",
    "S45": "a certificate that is self-signed, expired, or another host's",
    "S46": "a server that restarts",
    "S47": "a name that does not resolve; an address that does not answer beside one that does",
    "S48": "a consumer that sleeps while a million updates come",
    "S49": "a read cancelled 200 times",
    "S50": "an error in the consumer's own block",
    "S51": "`break`, or a subscription dropped without closing",
    "S52": "a client closed while a hundred wait",
    "S53": "150 subscriptions beside a call",
    "S54": "two tasks that read one subscription",
    "S55": "a clock that jumps, a laptop that sleeps",
    "S56": "an answer that nobody asked for",
}
DOWNLOADS = {
    "D1": "a body shorter than announced, or chunked without its end",
    "D2": "a body whose end cannot be told from a cut",
    "D3": "a compressed body, cut or not",
    "D4": "lengths that are wrong, double or negative",
    "D5": "a body over the limit, also once decompressed",
    "D6": "a drip of bytes, for ever",
    "D7": "a stall midway",
    "D8": "a 206 with another part than asked for",
    "D9": "a range that is ignored",
    "D10": "content that changed before it was resumed; 416",
    "D11": "the right length, the wrong bytes",
    "D12": "a page instead of a picture, with status 200",
    "D13": "404, 501, and not ready yet",
    "D14": "a disk that is full, also only on close",
    "D15": "a folder that cannot be written, is missing, or is where the file should be",
    "D16": "a file that is there already",
    "D17": "a symbolic link where the file should be",
    "D18": "many tasks and processes that fetch the same",
    "D19": "a cancellation midway, also amid a write",
    "D20": "`kill -9` midway",
    "D21": "names that lead elsewhere or mean something",
    "D22": "ids and hashes that would change the path",
    "D23": "a file of no bytes",
    "D24": "a temporary folder on another disk",
}
UPLOADS = {
    "U1": "an upload cut midway",
    "U2": "a request that is taken, and never answered",
    "U3": "a server that does not read",
    "U4": "413 before the body is read",
    "U5": "refusals in every form",
    "U6": "a file that changes while it is sent",
    "U7": "file names with quotes, line ends, NUL, any script",
    "U8": "a body of unknown length",
    "U9": "a DELETE whose answer is lost",
    "U10": "a redirect of a write",
    "U11": "a reply that differs from what was sent",
    "U12": "503 with `Retry-After` for a write",
}
ROWS = STREAMS | DOWNLOADS | UPLOADS

_CARRIED = re.compile(r"test_((?:[sdu]\d+_)+)")


def carried(name: str) -> list[str]:
    """The ids of the rows that a test is named by."""
    match = _CARRIED.match(name)
    return [f"{part[0].upper()}{int(part[1:])}" for part in match[1].split("_")[:-1]] if match else []


def by_row() -> dict[str, list[tuple[str, str]]]:
    """The tests of each row."""
    found: dict[str, list[tuple[str, str]]] = {row: [] for row in ROWS}
    for file, name in written():
        for row in carried(name):
            found.setdefault(row, []).append((file, name))
    return found


def table() -> str:
    """The rows and their tests, for reading."""
    lines = ["", "| row | what goes wrong | shown by |", "|---|---|---|"]
    found = by_row()
    for row, what in ROWS.items():
        tests = "<br>".join(f"`{name}` ({file})" for file, name in found[row])
        lines.append(f"| {row} | {what} | {tests} |")
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    PAGE.write_text(put(PAGE.read_text(encoding="utf-8"), BEGIN, END, table()), encoding="utf-8")
