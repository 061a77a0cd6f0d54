"""Who may do what: tokens, roles, blocked users, and canvases shared by link.

The right that counts is the higher one of the user's role and the canvas's link. People without a token have the
link's right alone: with none they are asked for a token (401), with one that does not suffice they are refused like
any user who may only view (403). An unknown token is refused everywhere, also where none would be needed: it is a
mistake to be told.
"""

import secrets
from collections.abc import Iterable
from enum import IntEnum

import msgspec
from aiohttp import web

from canvus_async.server.refusals import Denied, Missing, Unauthenticated
from canvus_async.server.rules.widgets import StoredCanvas
from canvus_async.server.store.database import Storage, User

TOKEN = "Private-Token"  # noqa: S105  # a header's name
COOKIE = "CanvusSession"


class Right(IntEnum):
    """What someone may do with a canvas; each includes those before it."""

    NONE = 0
    VIEW = 1
    EDIT = 2
    OWNER = 3


class Users:
    """Everyone with a token, and the owner's token among them."""

    def __init__(self, storage: Storage, owner_token: str | None) -> None:
        self._storage = storage
        self._by_token = {user.token: user for user in storage.users()}
        kept = storage.meta("owner_token")
        self.owner_token = owner_token or kept or secrets.token_hex(24)
        if self.owner_token != kept:
            with storage.transaction():
                if kept is not None:
                    storage.remove_user(kept)
                    self._by_token.pop(kept, None)
                self._save(User(self.owner_token, "owner"))
                storage.set_meta("owner_token", self.owner_token)

    def add(self, role: str, *, blocked: bool, canvases: Iterable[str] | None) -> str:
        """A new user; gives their token. Raises ValueError for a role that is none."""
        if role not in {"owner", "edit", "view"}:
            raise ValueError(f'a role is "owner", "edit" or "view", got {role!r}')
        user = User(secrets.token_hex(24), role, blocked, None if canvases is None else frozenset(canvases))
        self._save(user)
        return user.token

    def current(self, user: User) -> User:
        """What has become of a user since."""
        return self._by_token.get(user.token, user)

    def grant(self, user: User, canvas_id: str) -> User:
        """The user who has just made this canvas, and may see it."""
        if user.canvases is None:
            return user
        granted = msgspec.structs.replace(user, canvases=user.canvases | {canvas_id})
        self._save(granted)
        return granted

    def _save(self, user: User) -> None:
        self._storage.put_user(user)
        self._by_token[user.token] = user

    def identify(self, request: web.Request) -> User | None:
        """Who asks; None for someone without a token or with one that nobody has. Raises Denied for a blocked user."""
        user = self._by_token.get(sent_token(request))
        if user is not None and user.blocked:
            raise Denied("User is blocked")
        return user

    def require(self, request: web.Request) -> User:
        """Who asks, where people without a token have no business."""
        user = self.identify(request)
        if user is None:
            raise Unauthenticated("Invalid access token" if sent_token(request) else "Access token is missing")
        return user


def sent_token(request: web.Request) -> str:
    """The token of a request, by the header, else by the cookie; "" for none."""
    return request.headers.get(TOKEN) or request.cookies.get(COOKIE) or ""


def right_of(user: User | None, canvas: StoredCanvas) -> Right:
    """What someone may do with a canvas."""
    linked = Right[canvas.link.upper()]
    if user is None or (user.canvases is not None and canvas.id not in user.canvases):
        return linked
    return max(Right[user.role.upper()], linked)


def check_right(user: User | None, canvas: StoredCanvas | None, canvas_id: str, needed: Right) -> StoredCanvas:
    """The canvas, if this is someone who may do that with it; what they may not see does not exist for them."""
    right = Right.NONE if canvas is None else right_of(user, canvas)
    if user is None and right is Right.NONE:
        raise Unauthenticated("Access token is missing")
    if canvas is None or right is Right.NONE:
        raise Missing(f"Canvas {canvas_id} does not exist")
    if right < needed:
        raise Denied("Permission denied")
    return canvas
