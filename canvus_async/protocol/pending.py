"""Changes that wait for a slow consumer: at most one per id, so a queue holds no more changes than there are items."""

from collections import OrderedDict, deque
from collections.abc import Collection
from operator import attrgetter
from typing import Generic

from canvus_async.models.changes import Change, R

_MAX_UNMERGED = 4096
"""Changes that are queued without an index. Adding them to the index later takes about a millisecond."""

_id_of = attrgetter("id")


class PendingChanges(Generic[R]):
    """A queue of changes in which a later change of an id is merged with the waiting one, which keeps its place.

    It returns net changes: what happened to an id since the consumer last received a change of it. The `old` of a
    change is the `new` of the one before. An item that was created and deleted in between, or that has its old value
    again, is not reported at all.

    `unmerged` is always the same deque. A consumer that keeps up may take from its left instead of calling `pop()`,
    which saves a call per change.
    """

    def __init__(self) -> None:
        self.unmerged: deque[Change[R]] = deque()
        """The changes of one call of `push_all()` into an empty queue; the next call moves them into the index."""
        self._by_id: OrderedDict[str, Change[R]] = OrderedDict()

    def __len__(self) -> int:
        return len(self.unmerged) or len(self._by_id)

    def push_all(self, changes: Collection[Change[R]]) -> None:
        """Add changes in the order in which they happened."""
        unmerged = self.unmerged
        if not self and len(changes) <= _MAX_UNMERGED:
            unmerged.extend(_net_changes(changes))
            return
        self._by_id.update(zip(map(_id_of, unmerged), unmerged, strict=True))
        unmerged.clear()
        _merge_into(self._by_id, changes)

    def pop(self) -> Change[R]:
        """Remove and return the change whose id has waited longest. Raises KeyError if the queue is empty."""
        return self.unmerged.popleft() if self.unmerged else self._by_id.popitem(last=False)[1]


def _net_changes(changes: Collection[Change[R]]) -> Collection[Change[R]]:
    """One change per id. In the usual case all ids differ, which is checked without a Python loop."""
    listed = list(changes)  # initial changes are created by the iteration
    if len(set(map(_id_of, listed))) == len(listed):
        return listed
    net: dict[str, Change[R]] = {}
    _merge_into(net, listed)
    return net.values()


def _merge_into(waiting: dict[str, Change[R]], changes: Collection[Change[R]]) -> None:
    for change in changes:
        key = change.id
        earlier = waiting.get(key)
        net = change if earlier is None else _merged(earlier, change)
        if net is None:
            del waiting[key]
        else:
            waiting[key] = net


def _merged(first: Change[R], second: Change[R]) -> Change[R] | None:
    """Two consecutive changes of an id as one; None if the item is as it was before them."""
    old, new, resync = first.old, second.new, first.resync or second.resync
    if old is None:
        return None if new is None else Change("created", second.id, None, new, resync, first.initial)
    if new is None:
        return Change("deleted", second.id, old, None, resync)
    return None if old == new else Change("updated", second.id, old, new, resync)
