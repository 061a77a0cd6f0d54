"""Every widget of a canvas whatever its type, for reading (seed 004)."""

from canvus_async.models import Widget
from canvus_async.resources.collections import Collection


class Widgets(Collection[Widget]):
    """All that lies on a canvas, the root and the background included; each record is of its own type's class.

    A type that this release does not know, and an object that does not fit its type, is an UnknownWidget.
    """

    endpoint = "widgets"
    kind = Widget
