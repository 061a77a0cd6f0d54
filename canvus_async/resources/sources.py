"""Widgets with live video: capture devices, network videos, remote desktops (developer.multitaction.com/mt-canvus).

The public documents disagree on whether network videos and remote desktops can be created through the API. A server
that does not allow it responds with an error, which is raised as BadRequest or NotSupported.
"""

from typing import Unpack

from canvus_async.models import IpVideo, RdpConnection, VideoInput
from canvus_async.protocol.names import WidgetId
from canvus_async.resources.collections import EditableCollection
from canvus_async.resources.keywords import IpVideoUpdate, RdpConnectionUpdate, SourceFields, SourceUpdate


class _VideoInputFields(SourceFields, total=False):
    source: str
    host_id: str


class _RdpConnectionFields(SourceFields, total=False):
    connection_name: str
    host_id: str


class VideoInputs(EditableCollection[VideoInput]):
    """The video inputs on one canvas: live video of capture devices."""

    endpoint = "video-inputs"
    kind = VideoInput

    async def create(self, *, source: str, host_id: str, **fields: Unpack[SourceFields]) -> VideoInput:
        """Show the capture device `source` of the client machine `host_id`.

        Raises BadRequest, and Forbidden without edit access.
        """
        return await self._create({"source": source, "host_id": host_id, **fields}, _VideoInputFields)

    async def update(self, widget_id: WidgetId, **fields: Unpack[SourceUpdate]) -> VideoInput:
        """Change the given fields of a video input and return it. Other fields keep their values.

        Raises NotFound, BadRequest for a depth below 1, Forbidden without edit access.
        """
        return await self._update(widget_id, fields, SourceUpdate)


class IpVideos(EditableCollection[IpVideo]):
    """The network videos on one canvas."""

    endpoint = "ip-videos"
    kind = IpVideo

    async def create(self, *, source: str, host_id: str = "", **fields: Unpack[SourceFields]) -> IpVideo:
        """Show the network video at the URL `source`.

        Raises BadRequest or NotSupported if the server does not allow this, Forbidden without edit access.
        """
        return await self._create({"source": source, "host_id": host_id, **fields}, _VideoInputFields)

    async def update(self, widget_id: WidgetId, **fields: Unpack[IpVideoUpdate]) -> IpVideo:
        """Change the given fields of a network video and return it. Other fields keep their values.

        Raises NotFound, BadRequest for a depth below 1, Forbidden without edit access.
        """
        return await self._update(widget_id, fields, IpVideoUpdate)


class RdpConnections(EditableCollection[RdpConnection]):
    """The remote desktop sessions on one canvas."""

    endpoint = "rdp-connections"
    kind = RdpConnection

    async def create(self, *, connection_name: str, host_id: str = "", **fields: Unpack[SourceFields]) -> RdpConnection:
        """Show a remote desktop; `connection_name` is its name on the client machine.

        Raises BadRequest or NotSupported if the server does not allow this, Forbidden without edit access.
        """
        json = {"connection_name": connection_name, "host_id": host_id, **fields}
        return await self._create(json, _RdpConnectionFields)

    async def update(self, widget_id: WidgetId, **fields: Unpack[RdpConnectionUpdate]) -> RdpConnection:
        """Change the given fields of a remote desktop session and return it. Other fields keep their values.

        Raises NotFound, BadRequest for a depth below 1, Forbidden without edit access.
        """
        return await self._update(widget_id, fields, RdpConnectionUpdate)
