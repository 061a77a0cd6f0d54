"""Tables: how large they may be, and which of their children are cells."""

import pytest

from tests.server.api import Api


@pytest.mark.parametrize("grid", [{"columns": 100, "rows": 1}, {"columns": 1, "rows": 100}, {"columns": 1, "rows": 1}])
async def test_table_of_up_to_a_hundred_columns_or_rows_is_created(api: Api, canvas: str, grid: dict[str, int]) -> None:
    created = await api.post(f"{canvas}/tables", {"grid_size": grid})

    assert created.status == 200
    cells = (await api.get(f"{canvas}/tables/{created.json['id']}/cells")).json
    assert len(cells) == grid["columns"] * grid["rows"]


@pytest.mark.parametrize(
    "grid",
    [{"columns": 101, "rows": 1}, {"columns": 1, "rows": 101}, {"columns": 0, "rows": 1}, {"columns": 1, "rows": 0}],
)
async def test_table_of_more_than_a_hundred_columns_or_rows_or_of_none_is_refused(
    api: Api, canvas: str, grid: dict[str, int]
) -> None:
    refused = await api.post(f"{canvas}/tables", {"grid_size": grid})

    assert refused.status == 400
    assert "grid_size" in refused.msg
    assert (await api.get(f"{canvas}/tables")).json == []


async def test_other_widgets_on_a_table_are_no_cells_of_it(api: Api, canvas: str) -> None:
    grid = {"columns": 2, "rows": 1}
    table = (await api.post(f"{canvas}/tables", {"grid_size": grid})).json
    note = (await api.post(f"{canvas}/notes", {"parent_id": table["id"], "text": "on the table"})).json
    await api.patch(f"{canvas}/tables/{table['id']}", size={"width": 2000, "height": 100})
    source = {"source_canvas_id": canvas.partition("/")[2], "source_widget_id": table["id"]}
    copy = (await api.post(f"{canvas}/tables", source)).json

    assert (await api.get(f"{canvas}/notes")).json == [note]
    for each in (table, copy):
        cells = (await api.get(f"{canvas}/tables/{each['id']}/cells")).json
        assert [cell["size"]["width"] for cell in cells] == [1000, 1000]
