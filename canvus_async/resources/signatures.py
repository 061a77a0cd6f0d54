"""Signatures that name the keywords of `**fields: Unpack[SomeFields]`, for `help()` and editors in notebooks."""

import inspect
import typing
from collections.abc import Callable


class _NotSent:
    """Stands for the default of a keyword that is not sent unless it is given."""

    def __repr__(self) -> str:
        return "<not sent>"


NOT_SENT = _NotSent()


def expand_keywords(owner: type) -> None:
    """Give each method of a class that takes keywords by a TypedDict a signature that lists them."""
    for method in vars(owner).values():
        if inspect.isfunction(method):
            _expand(method)


def _expand(method: Callable[..., object]) -> None:
    signature = inspect.signature(method)
    *others, last = signature.parameters.values() or (None,)
    if last is None or last.kind is not inspect.Parameter.VAR_KEYWORD:
        return
    (fields,) = typing.get_args(last.annotation) or (None,)
    if not typing.is_typeddict(fields):
        return
    keywords = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=NOT_SENT, annotation=kind)
        for name, kind in typing.get_type_hints(fields).items()
    ]
    method.__signature__ = signature.replace(parameters=[*others, *keywords])  # type: ignore[attr-defined]
