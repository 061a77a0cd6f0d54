"""Mutants of subscriptions; `python -m tests.mutants` runs them."""

from tests.mutants.breakages import mutant

RANDOM = "tests/subscriptions/test_random.py"
CONNECTIONS, CONSUMERS, RECORDS, ENDINGS = (
    f"tests/subscriptions/test_rows_{name}.py" for name in ("connections", "consumers", "records", "endings")
)

STREAMS = [
    mutant(
        "widgets deleted during an outage stay",
        "if len(known) > len(fresh) - len(created):",
        "if not fresh:",
        RANDOM,
    ),
    mutant(
        "an invalid line is skipped",
        "raise connection.broken(batch.broken)",
        "connection.broken(batch.broken)",
        RANDOM,
    ),
    mutant("silence is not detected", "self.close(self._late())", "self._late()", RANDOM),
    mutant(
        "waits are short again after every connect",
        "if live_for >= options.healthy_after:",
        "if live_for >= 0.0:",
        RANDOM,
    ),
    mutant(
        "a cancelled read lets the next one connect immediately",
        "self._first_wait * self._random()",
        "0.0",
        f"{CONSUMERS}::test_repeated_cancellation_does_not_hammer_a_slow_server",
    ),
    mutant(
        "changes before an invalid line are dropped",
        "elif merge.changes:",
        "elif merge.changes and batch.broken is None:",
        RANDOM,
    ),
    mutant(
        "lines before an oversized line are dropped",
        "            block = block[:fits]",
        '            block = b""',
        "tests/protocol/decoding/test_lines.py",
    ),
    mutant(
        "other tasks run between merging and delivering",
        "            self._merge(connection, batch)\n",
        "            self._merge(connection, batch)\n            await asyncio.sleep(0)\n",
        f"{CONSUMERS}::test_late_consumer_sees_each_change_once",
    ),
    mutant(
        "a read can be cancelled between reading and merging",
        "        self.last_activity = connection.last_byte_at\n",
        "        self.last_activity = connection.last_byte_at\n        await asyncio.sleep(0)\n",
        f"{CONSUMERS}::test_read_cancelled_at_any_loop_iteration_loses_nothing",
    ),
    mutant(
        "a partial object of an unknown id is no gap",
        "        if merge.gap:\n            raise _Gap(merge.gap)\n",
        "",
        f"{RECORDS}::test_partial_object_of_an_unknown_id_triggers_resync",
    ),
    mutant("a change back is delivered", "return None if old == new else", "return", RANDOM),
    mutant(
        "a truncated line counts as invalid",
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
