"""The tree of `canvus ls`."""

import io

from rich.console import Console

from canvus_async import Point, Size
from canvus_async.cli.listing import tree_of
from canvus_async.models import Connector, ConnectorEnd, Note, UnknownWidget, Widget


def note(name: str, parent: str = "") -> Note:
    return Note(id=name, location=Point(1, 2), size=Size(3, 4), parent_id=parent, depth=0)


def lines(*widgets: Widget) -> list[str]:
    out = io.StringIO()
    Console(file=out, highlight=False, soft_wrap=True).print(tree_of(list(widgets)))
    return out.getvalue().splitlines()


def test_a_widget_is_below_its_parent_and_one_without_a_listed_parent_at_the_top() -> None:
    assert lines(note("child", "parent"), note("parent"), note("orphan", "elsewhere"), note("own", "own")) == [
        "4 widgets",
        "├── Note parent at 1,2 3x4",
        "│   └── Note child at 1,2 3x4",
        "├── Note orphan at 1,2 3x4",
        "└── Note own at 1,2 3x4",
    ]


def test_parents_that_form_a_cycle_are_left_out() -> None:
    assert lines(note("a", "b"), note("b", "a"), note("c")) == ["3 widgets", "└── Note c at 1,2 3x4"]


def test_a_connector_shows_what_it_connects() -> None:
    line = Connector(id="c", src=ConnectorEnd(id="a"), dst=ConnectorEnd(id="b"))

    assert lines(line)[1] == "└── Connector c from a to b"


def test_a_widget_without_an_id_and_a_type_is_unknown() -> None:
    assert lines(UnknownWidget(id="", raw={}, error="no id"))[1] == "└── unknown"
