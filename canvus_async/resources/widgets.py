"""All widgets of a canvas, whatever their type (API page "Widgets (Generic)")."""

from canvus_async.models import Widget
from canvus_async.resources.collections import Collection


class Widgets(Collection[Widget]):
    """Everything on a canvas, including the root and the background; read-only.

    Each record is of its own type's class. An object of a type that this release does not know, and one that is not
    valid for its type, is an UnknownWidget.
    """

    endpoint = "widgets"
    kind = Widget
