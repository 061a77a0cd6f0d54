"""An embedded Canvus-compatible server, for tests and experiments. It needs the extra `server`."""

from canvus_async.server.app import CanvusServer
from canvus_async.server.faults import Faults
from canvus_async.server.gate import RequestRecord
from canvus_async.server.store.database import DataInUse, UnsuitableFolder

__all__ = ["CanvusServer", "DataInUse", "Faults", "RequestRecord", "UnsuitableFolder"]
