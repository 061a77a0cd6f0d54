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
        "if lived >= options.healthy_after:",
        "if lived >= 0.0:",
        RANDOM,
    ),
    mutant(
        "a read that is given up lets the next connect at once",
        "self._breather * self._dice()",
        "0.0",
        f"{CONSUMERS}::test_repeated_cancellation_does_not_hammer_a_slow_server",
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
        f"{CONSUMERS}::test_late_consumer_sees_each_change_once",
    ),
    mutant(
        "a cancellation between reading and applying",
        "        self.last_activity = connection.heard\n",
        "        self.last_activity = connection.heard\n        await asyncio.sleep(0)\n",
        f"{CONSUMERS}::test_read_cancelled_at_any_loop_iteration_loses_nothing",
    ),
    mutant(
        "part of something unknown is no gap",
        "        if merge.gap:\n            raise _Gap(merge.gap)\n",
        "",
        f"{RECORDS}::test_partial_object_of_an_unknown_id_triggers_resync",
    ),
    mutant("a change back is told", "return None if old == new else", "return", RANDOM),
    mutant(
        "a cut-off line counts as broken",
        "if self._is_json else batches",
        "if False else batches",
        f"{CONNECTIONS}::test_truncated_line_is_ignored",
    ),
    mutant(
        "the connection is left open at the end",
        "        if connection is not None:\n            connection.close()\n",
        "        if connection is not None:\n            pass\n",
        ENDINGS,
    ),
]
