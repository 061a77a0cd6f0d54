"""Locations of widgets relative to the canvas."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from canvus_async import Layout, Point, Rect, Size
from canvus_async.models import Connector, ConnectorEnd, Note, SharedCanvas, Widget

ROOT = SharedCanvas(id="root", location=Point(0, 0), size=Size(9600, 5400), depth=0, parent_id="")


def note(id_: str, x: float, y: float, *, parent: str = "root", scale: float = 1) -> Note:
    return Note(id=id_, location=Point(x, y), size=Size(100, 50), depth=1, parent_id=parent, scale=scale)


def test_location_on_the_root_is_the_widgets_own() -> None:
    assert Layout([ROOT, a := note("a", 10, 20)]).location(a) == Point(10, 20)


def test_locations_add_up_and_scales_multiply_down_the_tree() -> None:
    outer = note("outer", 1000, 500, scale=2)
    inner = note("inner", 10, 20, parent="outer", scale=0.5)
    leaf = note("leaf", 4, 8, parent="inner", scale=3)
    layout = Layout([leaf, inner, ROOT, outer])

    assert layout.location(inner) == Point(1020, 540)
    assert layout.location(leaf) == Point(1024, 548)
    assert layout.bounds(outer) == Rect(1000, 500, 200, 100)
    assert layout.bounds(leaf) == Rect(1024, 548, 300, 150)


def test_missing_parent_counts_as_the_root() -> None:
    assert Layout([a := note("a", 1, 2, parent="elsewhere")]).location(a) == Point(1, 2)


def test_cycle_of_parents_is_an_error() -> None:
    layout = Layout([a := note("a", 1, 1, parent="b"), note("b", 1, 1, parent="a")])

    with pytest.raises(ValueError, match="widget a form a cycle"):
        layout.location(a)


def test_very_deep_tree_has_locations() -> None:
    chain = [note(str(n), 1, 0, parent=str(n - 1)) for n in range(20_000)]

    assert Layout(chain).location(chain[-1]) == Point(20_000, 0)


def test_within_finds_overlapping_or_enclosed_widgets() -> None:
    inside, edge, outside = note("inside", 10, 10), note("edge", 150, 10), note("outside", 300, 10)
    line = Connector(id="line", src=ConnectorEnd(id="inside"), dst=ConnectorEnd(id="edge"))
    layout = Layout([ROOT, inside, edge, outside, line])

    assert layout.within(Rect(0, 0, 200, 200)) == [inside, edge]
    assert layout.within(Rect(0, 0, 200, 200), whole=True) == [inside]
    assert layout.at(Point(110, 20)) == []
    assert layout.at(Point(109, 20)) == [inside]


def test_touching_edges_do_not_overlap() -> None:
    assert not Rect(0, 0, 10, 10).overlaps(Rect(10, 0, 10, 10))
    assert Rect(0, 0, 10, 10).encloses(Rect(0, 0, 10, 10))


NUMBERS = st.integers(min_value=-1000, max_value=1000).map(float)


@given(st.lists(st.tuples(NUMBERS, NUMBERS, st.sampled_from([0.5, 1.0, 2.0])), min_size=1, max_size=8), st.randoms())
def test_order_of_the_list_does_not_matter(steps: list[tuple[float, float, float]], dice) -> None:
    chain: list[Widget] = [
        note(str(n), x, y, parent=str(n - 1) if n else "root", scale=scale) for n, (x, y, scale) in enumerate(steps)
    ]
    mixed = dice.sample(chain, len(chain))
    forwards, backwards = Layout([ROOT, *chain]), Layout([*mixed, ROOT])

    assert [forwards.bounds(w) for w in chain] == [backwards.bounds(w) for w in chain]  # type: ignore[arg-type]


def test_former_version_of_a_widget_is_placed_by_itself_and_not_remembered() -> None:
    parent = note("parent", 1000, 500)
    layout = Layout([ROOT, parent, a := note("a", 10, 20, parent="parent")])
    former = note("a", 300, 400, parent="parent")

    assert layout.location(former) == Point(1300, 900)
    assert layout.location(a) == Point(1010, 520)
