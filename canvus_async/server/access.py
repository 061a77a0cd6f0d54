"""Who may do what: tokens, roles, blocked users, and canvases shared by a link.

A user has the higher one of two rights to a canvas: that of the user's role and that of the canvas's link. A caller
without a token has only the link's right. If it is "none", the status is 401; if it is too low, 403, as for a user who
may only view.

An unknown token counts as no token where the link's right is enough, and is 401 everywhere else, so that the caller
learns of the mistake.
"""

import secrets
from collections.abc import Callable, Iterable
from enum import IntEnum

import msgspec
from aiohttp import web

from canvus_async.server.refusals import Denied, Missing, Unauthenticated
from canvus_async.server.rules.widgets import StoredCanvas
from canvus_async.server.store.database import Storage, User

TOKEN = "Private-Token"  # noqa: S105  # a header's name
COOKIE = "CanvusSession"


class Right(IntEnum):
    """A right to a canvas; each includes those before it."""

    NONE = 0
    VIEW = 1
    EDIT = 2
    OWNER = 3


class Users:
    """All users, by token. One of them owns the server."""

    def __init__(self, storage: Storage, owner_token: str | None) -> None:
        """`owner_token` replaces the stored one; None keeps that, or makes one at the first start."""
        self._storage = storage
        self.on_change: Callable[[], None] = lambda: None
        """Called after the rights of a user may have been reduced."""
        self._by_token = {user.token: user for user in storage.users()}
        stored = storage.meta("owner_token")
        self.owner_token = owner_token or stored or secrets.token_hex(24)
        if self.owner_token != stored:
            with storage.transaction():
                if stored is not None:
                    storage.remove_user(stored)
                    self._by_token.pop(stored, None)
                self._save(User(self.owner_token, "owner"))
                storage.set_meta("owner_token", self.owner_token)

    def add(self, role: str, *, blocked: bool, canvases: Iterable[str] | None) -> str:
        """Add a user and return the token. Raises ValueError for an unknown role."""
        user = _user(secrets.token_hex(24), role, blocked, canvases)
        self._save(user)
        return user.token

    def change(self, token: str, *, role: str, blocked: bool, canvases: Iterable[str] | None) -> None:
        """Replace what a user may do. Raises KeyError for an unknown token and ValueError for an unknown role."""
        if token not in self._by_token:
            raise KeyError("unknown token")
        self._save(_user(token, role, blocked, canvases))
        self.on_change()

    def current(self, user: User | None) -> User | None:
        """The present version of a user who was looked up earlier; None for a caller without a token."""
        return None if user is None else self._by_token.get(user.token)

    def right_now(self, user: User | None, canvas: StoredCanvas) -> Right:
        """The present right to a canvas of a user who was looked up earlier, or of a caller without a token."""
        present = self.current(user)
        return Right.NONE if present is not None and present.blocked else right_of(present, canvas)

    def may_follow(self, user: User | None, canvas: StoredCanvas | None) -> bool:
        """Whether an open stream of a canvas, or of the list of canvases, may continue."""
        if canvas is not None:
            return self.right_now(user, canvas) is not Right.NONE
        present = self.current(user)
        return present is not None and not present.blocked

    def grant(self, user: User, canvas_id: str) -> User:
        """Let a user see a canvas, which they have just created."""
        if user.canvases is None:
            return user
        granted = msgspec.structs.replace(user, canvases=user.canvases | {canvas_id})
        self._save(granted)
        return granted

    def _save(self, user: User) -> None:
        self._storage.put_user(user)
        self._by_token[user.token] = user

    def identify(self, request: web.Request) -> User | None:
        """The user who sent a request; None if the token is missing or unknown. Raises Denied for a blocked user."""
        user = self._by_token.get(sent_token(request))
        if user is not None and user.blocked:
            raise Denied("User is blocked")
        return user

    def require(self, request: web.Request) -> User:
        """The user who sent a request. Raises Unauthenticated if the token is missing or unknown, and Denied."""
        user = self.identify(request)
        if user is None:
            raise Unauthenticated("Invalid access token" if sent_token(request) else "Access token is missing")
        return user


def _user(token: str, role: str, blocked: bool, canvases: Iterable[str] | None) -> User:
    if role not in {"owner", "edit", "view"}:
        raise ValueError(f'role must be "owner", "edit" or "view", got {role!r}')
    return User(token, role, blocked, None if canvases is None else frozenset(canvases))


def sent_token(request: web.Request) -> str:
    """The token in a request's header, or else in its cookie; "" if both are missing."""
    return request.headers.get(TOKEN) or request.cookies.get(COOKIE) or ""


def right_of(user: User | None, canvas: StoredCanvas) -> Right:
    """The right that a user, or None for a caller without a token, has to a canvas."""
    linked = Right[canvas.link.upper()]
    if user is None or (user.canvases is not None and canvas.id not in user.canvases):
        return linked
    return max(Right[user.role.upper()], linked)


def check_right(user: User | None, canvas: StoredCanvas | None, canvas_id: str, needed: Right) -> StoredCanvas:
    """Return the canvas if the user has the right to it.

    A canvas that the user may not see is Missing, like one that does not exist. Raises Unauthenticated and Denied too.
    """
    right = Right.NONE if canvas is None else right_of(user, canvas)
    if user is None and right is Right.NONE:
        raise Unauthenticated("Access token is missing")
    if canvas is None or right is Right.NONE:
        raise Missing(f"Canvas {canvas_id} does not exist")
    if right < needed:
        raise Denied("Permission denied")
    return canvas
