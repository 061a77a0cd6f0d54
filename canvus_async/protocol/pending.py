"""Changes that wait for a slow consumer: at most one per id, so waiting takes no more memory than there are items."""

from collections import OrderedDict, deque
from collections.abc import Collection
from operator import attrgetter
from typing import Generic

from canvus_async.models.changes import Change, R

_FEW = 4096
"""More changes than come at once, snapshots aside; so many can be put elsewhere in a millisecond."""

_id_of = attrgetter("id")


class PendingChanges(Generic[R]):
    """A queue of changes in which a later change of an id joins the one that waits, and keeps its place.

    What comes out is the net change since the consumer last took one of that id: the `old` of each is the `new` of the
    one before. What came and went in between, or is again as it was, does not come out at all.

    `ahead` is always the same; whoever keeps up may take from its left instead of calling `pop()`, until it is empty.
    """

    def __init__(self) -> None:
        self.ahead: deque[Change[R]] = deque()
        """What came when nothing waited; once more comes before it is taken, it waits where that finds it by its id."""
        self._waiting: OrderedDict[str, Change[R]] = OrderedDict()

    def __len__(self) -> int:
        return len(self.ahead) or len(self._waiting)

    def push_all(self, changes: Collection[Change[R]]) -> None:
        """Add what happened, in order, after all that was added before."""
        ahead = self.ahead
        if not self and len(changes) <= _FEW:
            ahead.extend(_net(changes))
            return
        self._waiting.update(zip(map(_id_of, ahead), ahead, strict=True))
        ahead.clear()
        _join(self._waiting, changes)

    def pop(self) -> Change[R]:
        """Take the change whose id has waited longest. Raises KeyError when there is none."""
        return self.ahead.popleft() if self.ahead else self._waiting.popitem(last=False)[1]


def _net(changes: Collection[Change[R]]) -> Collection[Change[R]]:
    """One change for each id; where each is of another, as mostly, without a step in Python for each."""
    listed = list(changes)  # initial ones are made while they are looked at
    if len(set(map(_id_of, listed))) == len(listed):
        return listed
    net: dict[str, Change[R]] = {}
    _join(net, listed)
    return net.values()


def _join(waiting: dict[str, Change[R]], changes: Collection[Change[R]]) -> None:
    """Put changes among those that wait."""
    for change in changes:
        key = change.id
        earlier = waiting.get(key)
        net = change if earlier is None else _joined(earlier, change)
        if net is None:
            del waiting[key]
        else:
            waiting[key] = net


def _joined(first: Change[R], then: Change[R]) -> Change[R] | None:
    old, new, resync = first.old, then.new, first.resync or then.resync
    if old is None:
        return None if new is None else Change("created", then.id, None, new, resync, first.initial)
    if new is None:
        return Change("deleted", then.id, old, None, resync)
    return None if old == new else Change("updated", then.id, old, new, resync)
