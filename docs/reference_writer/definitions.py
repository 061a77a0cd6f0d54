"""The public names of canvus_async: where each is defined, what its docstring says, what it has."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from reference_writer.source import (
    PACKAGE,
    CannotWrite,
    Function,
    Module,
    Node,
    arguments,
    following,
    is_property,
)

RECORD_BASES = {"msgspec.Struct", "NamedTuple", "TypedDict"}

HIDDEN = {"Faults.answer"}
"""Methods without an underscore that only the package itself calls."""


@dataclass(frozen=True)
class Attribute:
    """A field of a record, an attribute of an object or a property: its type and default as text, its docstring."""

    name: str
    type: str
    default: str | None = None
    doc: str = ""


@dataclass(frozen=True)
class Definition:
    """A public name and where it is defined."""

    name: str
    module: Module
    node: Node
    api: "Api"

    @cached_property
    def doc(self) -> str:
        """Its docstring; for a constant or a type alias the string that follows it."""
        if isinstance(self.node, ast.Assign | ast.AnnAssign):
            return following(self.module.tree.body, self.node)
        return ast.get_docstring(self.node) or ""

    @cached_property
    def bases(self) -> list[str]:
        """The classes that it derives from, as written, without type parameters and `Generic`."""
        if not isinstance(self.node, ast.ClassDef):
            return []
        bases = [base.value if isinstance(base, ast.Subscript) else base for base in self.node.bases]
        return [text for text in map(self.module.source, bases) if text not in {"Generic", "Protocol"}]

    @cached_property
    def parents(self) -> "list[Definition]":
        """Those of the bases that are defined in the package."""
        found = (self.api.lookup(base, self.module) for base in self.bases)
        return [parent for parent in found if parent is not None]

    @cached_property
    def ancestors(self) -> "list[Definition]":
        """All classes of the package that it derives from, nearest first."""
        found: dict[str, Definition] = {}
        for parent in self.parents:
            found |= {each.name: each for each in (parent, *parent.ancestors)}
        return list(found.values())

    @property
    def is_error(self) -> bool:
        """Whether it is an exception."""
        names = {base for each in (self, *self.ancestors) for base in each.bases}
        return bool(names & {"Exception", "OSError"})

    @property
    def is_record(self) -> bool:
        """Whether its annotations are fields: a struct, a dataclass, a named tuple or a TypedDict."""
        bases = {base for each in (self, *self.ancestors) for base in each.bases}
        decorators = self.node.decorator_list if isinstance(self.node, ast.ClassDef) else []
        return bool(bases & RECORD_BASES) or any("dataclass" in self.module.source(each) for each in decorators)

    @property
    def is_typed_dict(self) -> bool:
        """Whether it holds keywords."""
        return "TypedDict" in {base for each in (self, *self.ancestors) for base in each.bases}

    @cached_property
    def methods(self) -> dict[str, Function]:
        """Its own public methods."""
        return {node.name: node for node in self._functions() if not is_property(node)}

    @cached_property
    def attributes(self) -> list[Attribute]:
        """Its own public fields, attributes and properties, in the order of the source."""
        fields = list(self._fields()) if self.is_record else list(self._assigned())
        properties = (
            Attribute(
                node.name, self.module.source(node.returns) if node.returns else "", doc=ast.get_docstring(node) or ""
            )
            for node in self._functions()
            if is_property(node)
        )
        return [each for each in (*fields, *properties) if not each.name.startswith("_")]

    @property
    def place(self) -> str:
        """Its name in a form that `Api.find()` knows, also where other modules have the same name."""
        return ".".join((*self.module.name.split(".")[1:], self.name))

    @cached_property
    def mentioned(self) -> "list[Definition]":
        """The types of the package that its signatures and fields name, without type variables."""
        annotations: list[ast.expr | None] = []
        if isinstance(self.node, ast.Assign | ast.AnnAssign):
            annotations.append(self.node.value)
        own = [self.node] if isinstance(self.node, ast.FunctionDef | ast.AsyncFunctionDef) else list(self._functions())
        for function in own:
            annotations += [*(arg.annotation for arg in arguments(function)), function.returns]
        if isinstance(self.node, ast.ClassDef) and self.is_record:
            annotations += [node.annotation for node in self.node.body if isinstance(node, ast.AnnAssign)]
        names = {
            node.id: None
            for annotation in annotations
            if annotation is not None
            for node in ast.walk(annotation)
            if isinstance(node, ast.Name) and not node.id.startswith("_")
        }
        found = [self.api.lookup(name, self.module) for name in names]
        return [each for each in found if each is not None and not each.is_type_variable]

    @property
    def is_type_variable(self) -> bool:
        """Whether it is a `TypeVar`."""
        return isinstance(self.node, ast.Assign) and isinstance(self.node.value, ast.Call)

    @property
    def constructor(self) -> Function | None:
        """`__init__`, its own or the nearest inherited one."""
        for each in (self, *self.ancestors):
            body = each.node.body if isinstance(each.node, ast.ClassDef) else []
            for node in body:
                if isinstance(node, ast.FunctionDef) and node.name == "__init__":
                    return node
        return None

    def _functions(self) -> Iterator[Function]:
        body = self.node.body if isinstance(self.node, ast.ClassDef) else []
        for node in body:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                hidden = node.name.startswith("_") or f"{self.name}.{node.name}" in HIDDEN
                yield from () if hidden else (node,)

    def _fields(self) -> Iterator[Attribute]:
        body = self.node.body if isinstance(self.node, ast.ClassDef) else []
        for node in body:
            if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
                default, wire = None, ""
                if isinstance(node.value, ast.Call):  # msgspec.field(name=..., default=...)
                    given = {keyword.arg: keyword.value for keyword in node.value.keywords}
                    default = self.module.default(given["default"]) if "default" in given else None
                    wire = f"`{ast.literal_eval(given['name'])}` in the JSON." if "name" in given else ""
                elif node.value is not None:
                    default = self.module.default(node.value)
                doc = " ".join(filter(None, (following(body, node), wire)))
                yield Attribute(node.target.id, self.module.source(node.annotation), default, doc)

    def _assigned(self) -> Iterator[Attribute]:
        """What its own `__init__` gives a public name."""
        body = self.node.body if isinstance(self.node, ast.ClassDef) else []
        for init in body:
            if not isinstance(init, ast.FunctionDef) or init.name != "__init__":
                continue
            for node in init.body:
                match node:
                    case ast.AnnAssign(target=ast.Attribute(attr=name), annotation=annotation):
                        yield Attribute(name, self.module.source(annotation), doc=following(init.body, node))
                    case ast.Assign(targets=[ast.Attribute(attr=name)], value=value):
                        yield Attribute(name, self._type_of(value, init), doc=following(init.body, node))
                    case _:
                        pass

    def _type_of(self, value: ast.expr, init: ast.FunctionDef) -> str:
        """The type of a value where that is plain: a parameter, a literal, a new object; else ""."""
        match value:
            case ast.Name(id=name):
                given = {arg.arg: arg.annotation for arg in arguments(init)}.get(name)
                return self.module.source(given) if given is not None else ""
            case ast.Constant(value=literal):
                return type(literal).__name__
            case ast.Call(func=ast.Name(id=name)):
                return name
            case _:
                return ""


class Api:
    """The parsed package."""

    def __init__(self, folder: Path) -> None:
        self.modules: dict[str, Module] = {}
        for path in sorted(folder.rglob("*.py")):
            parts = [folder.name, *path.relative_to(folder).with_suffix("").parts]
            name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
            text = path.read_text(encoding="utf-8")
            self.modules[name] = Module(name, text, ast.parse(text))

    def exported(self, module: str) -> list[str]:
        """The names in a module's `__all__`."""
        node = self.modules[module].definitions.get("__all__")
        return [] if not isinstance(node, ast.Assign) else ast.literal_eval(node.value)

    def lookup(self, name: str, module: Module) -> Definition | None:
        """What a name means in a module; None for what is not the package's."""
        if name in module.definitions:
            return Definition(name, module, module.definitions[name], self)
        where, there = module.imports.get(name, ("", ""))
        return self.lookup(there, self.modules[where]) if where in self.modules and there else None

    def find(self, name: str) -> Definition:
        """The definition of a public name: one that is exported, or else the only one in the package.

        "room.Name" looks only into the modules of `canvus_async.room`.
        """
        room, _, last = name.rpartition(".")
        if not room:
            for module in ("canvus_async", "canvus_async.models", "canvus_async.server"):
                if last in self.exported(module) and (found := self.lookup(last, self.modules[module])):
                    return found
        prefix = f"{PACKAGE}.{room}" if room else PACKAGE
        defining = [
            module
            for module in self.modules.values()
            if last in module.definitions and (module.name == prefix or module.name.startswith(f"{prefix}."))
        ]
        if len(defining) != 1:
            places = ", ".join(module.name for module in defining) or "nowhere"
            raise CannotWrite(f"PAGES in docs/make_reference.py names {name}, which is defined in: {places}")
        return Definition(last, defining[0], defining[0].definitions[last], self)
