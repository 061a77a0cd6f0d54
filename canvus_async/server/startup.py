"""Opens the data of a server and creates its parts."""

from contextlib import AsyncExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

from canvus_async.server.access import Users
from canvus_async.server.endpoints.services import Services
from canvus_async.server.private_files import FOLDER
from canvus_async.server.processing import Processing
from canvus_async.server.rendering.renderer import Renderer
from canvus_async.server.state import State
from canvus_async.server.store.database import Storage
from canvus_async.server.streams.subscriptions import Streams


def start_services(
    stack: AsyncExitStack,
    *,
    data: Path | None,
    token: str | None,
    streams: Streams,
    processing_delay: float,
    max_upload: int,
) -> Services:
    """Open the database and create the parts of the server. The stack closes them in reverse order."""
    if data is None:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="canvus-", ignore_cleanup_errors=True)))
    else:
        folder = data
        folder.mkdir(mode=FOLDER, parents=True, exist_ok=True)
    storage = Storage(None if data is None else folder)
    stack.callback(storage.close)
    server_id = storage.meta("server_id") or str(uuid4())
    storage.set_meta("server_id", server_id)
    renderer = Renderer(folder / "mipmaps")
    stack.push_async_callback(renderer.aclose)
    state = State(storage, folder / "assets", on_asset_removed=renderer.forget)
    stack.callback(state.assets.close)
    renderer.sweep(state.assets.known)  # an earlier server may have been killed
    processing = Processing(state, processing_delay)
    stack.callback(processing.close)
    users = Users(storage, token)
    users.on_change = streams.check_rights
    return Services(
        state=state,
        users=users,
        streams=streams,
        processing=processing,
        renderer=renderer,
        server_id=server_id,
        max_upload=max_upload,
    )
