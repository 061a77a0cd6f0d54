"""Only type-checked, never run: each line here has the error that its comment names, under mypy and pyright both.

The checkers report a comment that silences nothing, so a line that stops being an error fails the check.
"""

from canvus_async import Canvas, Client, Point
from canvus_async.models import Note


async def writing(canvas: Canvas, note: Note) -> None:
    await canvas.notes.create(colour="red")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    await canvas.notes.create(text=5)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    await canvas.notes.create(auto_raise=True)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    await canvas.notes.update("id", text=None)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    await canvas.notes.update(id="id")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    await canvas.images.update("id", index=1)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    await canvas.images.upload("a", location=(1, 2))  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    await canvas.images.upload("a", hash="x")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    await canvas.connectors.create(type="curve")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    await canvas.connectors.clone("id", from_canvas="c")  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]
    await canvas.widgets.delete("id")  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]
    note.text = "frozen"  # type: ignore[misc]  # pyright: ignore[reportAttributeAccessIssue]
    await canvas.mipmaps.fetch("hash")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    Client("https://a.example", "token")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    Point("1", 2)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
