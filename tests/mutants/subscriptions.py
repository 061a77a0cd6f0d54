"""Deliberate breakages of what follows a canvas; `python -m tests.mutants` makes them."""

from tests.mutants.breakages import mutant

RANDOM = "tests/subscriptions/test_random.py"
CONNECTIONS, CONSUMERS, RECORDS, ENDINGS = (
    f"tests/subscriptions/test_rows_{name}.py" for name in ("connections", "consumers", "records", "endings")
)

STREAMS = [
    mutant(
        "what was deleted during an outage stays",
        "if len(known) > len(fresh) - len(created):",
        "if not fresh:",
        RANDOM,
    ),
    mutant(
        "a broken line is passed over",
        "raise connection.broken(batch.broken)",
        "connection.broken(batch.broken)",
        RANDOM,
    ),
    mutant("silence is not noticed", "self.close(self._late())", "self._late()", RANDOM),
    mutant(
        "waits are short again after every connect",
        "if live_for >= options.healthy_after:",
        "if live_for >= 0.0:",
        RANDOM,
    ),
    mutant(
        "a read that is given up lets the next connect at once",
        "self._first_wait * self._random()",
        "0.0",
        f"{CONSUMERS}::test_s49_one_who_gives_up_again_and_again_does_not_hammer_a_server_that_is_slow_to_answer",
    ),
    mutant(
        "what came before a broken line is not told",
        "elif merge.changes:",
        "elif merge.changes and batch.broken is None:",
        RANDOM,
    ),
    mutant(
        "what came before an over-long line is not told",
        "            block = block[:fits]",
        '            block = b""',
        "tests/protocol/decoding/test_lines.py",
    ),
    mutant(
        "others have a turn between a change and its telling",
        "            self._merge(connection, batch)\n",
        "            self._merge(connection, batch)\n            await asyncio.sleep(0)\n",
        f"{CONSUMERS}::test_whoever_joins_amid_changes_is_told_of_each_once",
    ),
    mutant(
        "a cancellation between reading and applying",
        "        self.last_activity = connection.last_byte_at\n",
        "        self.last_activity = connection.last_byte_at\n        await asyncio.sleep(0)\n",
        f"{CONSUMERS}::test_s49_a_read_may_be_cancelled_in_any_turn_of_the_loop",
    ),
    mutant(
        "part of something unknown is no gap",
        "        if merge.gap:\n            raise _Gap(merge.gap)\n",
        "",
        f"{RECORDS}::test_s29_part_of_something_unknown_is_a_gap_and_never_half_a_record",
    ),
    mutant("a change back is told", "return None if old == new else", "return", RANDOM),
    mutant(
        "a cut-off line counts as broken",
        "if self._is_json else batches",
        "if False else batches",
        f"{CONNECTIONS}::test_s12_a_line_that_is_cut_off_is_not_read",
    ),
    mutant(
        "the connection is left open at the end",
        "        if connection is not None:\n            connection.close()\n",
        "        if connection is not None:\n            pass\n",
        ENDINGS,
    ),
]
