"""The length of texts is limited, so that one request cannot make all later ones expensive."""

import pytest

from canvus_async.server.rules.fields import LONGEST_NAME, LONGEST_TEXT
from tests.server import samples
from tests.server.api import Api


@pytest.mark.parametrize(
    ("kind", "field", "longest"),
    [
        ("notes", "title", LONGEST_NAME),
        ("notes", "text", LONGEST_TEXT),
        ("browsers", "url", LONGEST_TEXT),
        ("anchors", "anchor_name", LONGEST_NAME),
    ],
)
async def test_a_text_may_have_the_maximum_length_but_no_more(
    api: Api, canvas: str, kind: str, field: str, longest: int
) -> None:
    taken = await api.post(f"{canvas}/{kind}", {field: "x" * longest})
    refused = await api.patch(f"{canvas}/{kind}/{taken.json['id']}", **{field: "x" * (longest + 1)})

    assert taken.status == 200
    assert (refused.status, refused.msg) == (
        400,
        f"{field} must have at most {longest} characters, got {longest + 1}",
    )


async def test_the_length_of_a_file_name_is_limited_in_uploads_and_updates(api: Api, canvas: str) -> None:
    named = "x" * LONGEST_NAME
    taken = await api.upload(f"{canvas}/images", samples.picture(), "a.png", original_filename=named)
    for refused in (
        await api.upload(f"{canvas}/images", samples.picture(), "a.png", original_filename=named + "x"),
        await api.patch(f"{canvas}/images/{taken.json['id']}", original_filename=named + "x"),
    ):
        assert (refused.status, refused.msg[:40]) == (400, "original_filename must have at most 1000")

    assert taken.json["original_filename"] == named


async def test_the_length_of_a_canvas_name_is_limited(api: Api, canvas: str) -> None:
    long = "x" * (LONGEST_NAME + 1)

    assert (await api.post("canvases", {"name": long})).status == 400
    assert (await api.patch(canvas, name=long)).status == 400


async def test_a_file_with_a_hostile_stored_name_is_sent(api: Api, canvas: str) -> None:
    name = "a" + "\u0301\u0316" * 490 + ".png"
    created = await api.upload(f"{canvas}/images", samples.picture(), "a.png", original_filename=name)
    image = await api.ready(f"{canvas}/images/{created.json['id']}")

    served = await api.get(f"{canvas}/images/{image['id']}/download")

    assert served.status == 200
    assert ".png" in served.headers["Content-Disposition"]
