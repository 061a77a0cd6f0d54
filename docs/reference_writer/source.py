"""Modules of canvus_async as text: what they define and import, and the source of annotations and defaults.

The source is parsed, not imported: type aliases have no docstring at run time, and annotations would lose the names
that they were written with.
"""

import ast
import inspect
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

PACKAGE = "canvus_async"
Function: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef
Node: TypeAlias = ast.ClassDef | Function | ast.Assign | ast.AnnAssign
MIB = 1 << 20
OPERATORS: dict[type[ast.operator], Callable[[int, int], int]] = {ast.Mult: int.__mul__, ast.LShift: int.__lshift__}


class CannotWrite(Exception):
    """The reference cannot be written; the message says what to change."""


@dataclass(frozen=True)
class Module:
    """One parsed module. `name` is dotted, without the package for the modules in it."""

    name: str
    text: str
    tree: ast.Module

    @cached_property
    def definitions(self) -> dict[str, Node]:
        """The classes, functions and constants that the module defines itself."""
        found: dict[str, Node] = {}
        for node in self.tree.body:
            if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                found[node.name] = node
            elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
                found[node.target.id] = node
            elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                found[node.targets[0].id] = node
        return found

    @cached_property
    def imports(self) -> dict[str, tuple[str, str]]:
        """Local name to (module, name there); the name is "" for a module that was imported whole."""
        found: dict[str, tuple[str, str]] = {}
        for node in ast.walk(self.tree):
            if isinstance(node, ast.ImportFrom) and node.module:
                found |= {alias.asname or alias.name: (node.module, alias.name) for alias in node.names}
            elif isinstance(node, ast.Import):
                found |= {alias.asname or alias.name: (alias.name, "") for alias in node.names}
        return found

    def source(self, node: ast.AST) -> str:
        """What is written there, on one line, with imported modules under their own names and without quotes."""
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            text = node.value  # an annotation in quotes
        else:
            text = " ".join((ast.get_source_segment(self.text, node) or ast.unparse(node)).split())
        for local, (module, name) in self.imports.items():
            if not name and local != module:
                text = re.sub(rf"\b{local}\.", f"{module}.", text)
        return text.replace("builtins.", "").replace("( ", "(").replace("[ ", "[").replace(", ]", "]")

    def default(self, node: ast.AST) -> str:
        """A default value as written; numbers of the module by their value, and `...` for private objects."""
        if isinstance(node, ast.Constant):
            return f'"{node.value}"' if isinstance(node.value, str) else repr(node.value)
        number = self._number(node)
        if number is None:
            return "..." if self.source(node).startswith("_") else self.source(node)
        return f"{number // MIB} << 20" if number >= MIB and number % MIB == 0 else str(number)

    def _number(self, node: ast.AST) -> int | None:
        """The value of an expression such as `64 * _MIB`; None for one that is not of whole numbers."""
        match node:
            case ast.Constant(value=int() as value):
                return value
            case ast.Name(id=name) if isinstance(meant := self.definitions.get(name), ast.Assign):
                return self._number(meant.value)
            case ast.BinOp(left=left, op=op, right=right) if type(op) in OPERATORS:
                first, second = self._number(left), self._number(right)
                return None if first is None or second is None else OPERATORS[type(op)](first, second)
            case _:
                return None


def arguments(function: Function) -> list[ast.arg]:
    """All parameters but `*args` and `**kwargs`."""
    return [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]


def is_property(node: Function) -> bool:
    return any(
        isinstance(each, ast.Name) and each.id in {"property", "cached_property"} for each in node.decorator_list
    )


def following(body: list[ast.stmt], node: ast.stmt) -> str:
    """The string that stands right after a statement, as its documentation."""
    after = body[body.index(node) + 1 :][:1]
    match after:
        case [ast.Expr(value=ast.Constant(value=str() as text))]:
            return inspect.cleandoc(text)
        case _:
            return ""
