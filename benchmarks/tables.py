"""Tables in plain text, narrow enough for a README."""

from collections.abc import Iterable, Sequence
from itertools import zip_longest
from statistics import median

from benchmarks.results import Row, Section, client_share, cost, rate, server_share

_NONE = "–"


def text_table(title: str, header: Sequence[str], groups: Iterable[tuple[str, Sequence[Sequence[str]]]]) -> str:
    """A table: the first column is aligned left, the others right; each group of rows has a heading."""
    groups = list(groups)
    lines = [header, *(cells for _, rows in groups for cells in rows)]
    widths = [max(map(len, column)) for column in zip_longest(*lines, fillvalue="")]

    def line(cells: Sequence[str]) -> str:
        first, *others = zip(cells, widths, strict=False)
        return "  ".join([f"  {first[0]:<{first[1]}}", *(f"{text:>{width}}" for text, width in others)]).rstrip()

    parts = [title, *([line(header)] if any(header) else []), "  " + "-" * (sum(widths) + 2 * (len(widths) - 1))]
    for heading, rows in groups:
        parts += [*([heading] if heading else []), *map(line, rows)]
    return "\n".join(parts)


def rates(title: str, sections: Sequence[Section], *, unit: str) -> str:
    """A table of rates: median, spread, ratio to the reference, our rate relative to the row, CPU time of the client
    per item, share of the time in which client and server used a CPU, and the bottleneck. README.md explains them.
    """
    header = ("", unit, "spread", "ratio", "ours to it", "CPU µs", "busy c/s", "bound by")
    return text_table(
        title, header, [(section.title, [_rate_cells(section, row) for row in section.rows]) for section in sections]
    )


def _rate_cells(section: Section, row: Row) -> list[str]:
    if row.missing:
        return [row.label, row.missing]
    values = [value / section.scale for value in row.values(rate)]
    middle = median(values)
    client, server = (median(row.values(side)) for side in (client_share, server_share))
    sides = [sample.bottleneck for sample in row.samples]
    return [
        row.label,
        number(middle),
        f"±{(max(values) - min(values)) / 2 / middle:.0%}",
        ratio(section.ratio(row.key, section.reference)),
        "" if row.key == section.ours else ratio(section.ratio(section.ours, row.key)),
        number(1e6 * section.each * row.median(cost)),
        f"{client:.0%} {server:>4.0%}",
        max(set(sides), key=sides.count),
    ]


def number(value: float) -> str:
    """A number with about three significant digits."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def ratio(value: float | None) -> str:
    """A ratio, or a dash for None."""
    return _NONE if value is None else f"{value:.0f}" if value >= 100 else f"{value:.2f}"


def mib(value: float) -> str:
    """Bytes in MiB."""
    return f"{value / (1 << 20):.1f}"
