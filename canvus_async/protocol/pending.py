"""Changes that wait for a slow consumer: at most one per id, so waiting takes no more memory than there are items."""

from collections import OrderedDict
from collections.abc import Collection
from operator import attrgetter
from typing import Generic

from canvus_async.models.changes import Change, R

_id_of = attrgetter("id")


class PendingChanges(Generic[R]):
    """A queue of changes in which a later change of an id joins the one that waits, and keeps its place.

    What comes out is the net change since the consumer last took one of that id: the `old` of each is the `new` of the
    one before. What came and went in between, or is again as it was, does not come out at all.
    """

    def __init__(self) -> None:
        self._waiting: OrderedDict[str, Change[R]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._waiting)

    def push(self, change: Change[R]) -> None:
        """Add what happened after all that was added before."""
        earlier = self._waiting.get(change.id)
        if earlier is None:
            self._waiting[change.id] = change
            return
        net = _joined(earlier, change)
        if net is None:
            del self._waiting[change.id]
        else:
            self._waiting[change.id] = net

    def push_all(self, changes: Collection[Change[R]]) -> None:
        """The same for several, in order; where each is of another id, as mostly, without a step in Python for each."""
        listed = list(changes)  # initial ones are made while they are looked at
        fresh = dict(zip(map(_id_of, listed), listed, strict=True))
        if len(fresh) == len(listed) and fresh.keys().isdisjoint(self._waiting):
            self._waiting.update(fresh)
        else:
            for change in listed:
                self.push(change)

    def pop(self) -> Change[R]:
        """Take the change whose id has waited longest. Raises KeyError when there is none."""
        return self._waiting.popitem(last=False)[1]

    def clear(self) -> None:
        """Forget all of them."""
        self._waiting.clear()


def _joined(first: Change[R], then: Change[R]) -> Change[R] | None:
    old, new, resync = first.old, then.new, first.resync or then.resync
    if old is None:
        return None if new is None else Change("created", then.id, None, new, resync, first.initial)
    if new is None:
        return Change("deleted", then.id, old, None, resync)
    return None if old == new else Change("updated", then.id, old, new, resync)
