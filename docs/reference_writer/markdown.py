"""Writes Markdown for the reference: what each public name is, how it is called, what its docstring says."""

import ast
import re
import textwrap
from collections.abc import Callable, Iterable, Mapping

from reference_writer.definitions import Api, Attribute, Definition
from reference_writer.links import Links
from reference_writer.source import Function, Module, arguments

WIDTH = 100
"""Columns of a signature on one line."""

PAGE_WIDTH = 120
"""Columns of a line of text."""

HANDLES = {
    "Client": "client",
    "CanvusServer": "server",
    "MipmapInfo": "info",
    "Collection": "collection",
    "EditableCollection": "collection",
    "CloneableCollection": "collection",
    "FileCollection": "collection",
}
"""What an object of a class is called in signatures; the names of those that a property leads to are worked out."""

BUILTIN_ERRORS = {"OSError", "TimeoutError"}
"""Errors of Python that errors of the package are, too."""


def handles(api: Api, documented: Iterable[str]) -> dict[str, str]:
    """What an object of each class is called, such as `canvas.images`: found by following properties."""
    found = dict(HANDLES)
    names = {api.find(name).name: api.find(name) for name in documented}
    following = list(found)
    for owner in following:
        if owner not in names:
            continue
        for attribute in names[owner].attributes:
            if attribute.type in names and attribute.type not in found and not names[attribute.type].is_record:
                found[attribute.type] = f"{found[owner]}.{attribute.name}"
                following.append(attribute.type)
        for method in names[owner].methods.values():
            made = re.sub(r"\[.*", "", names[owner].module.source(method.returns) if method.returns else "")
            if made in names and made not in found and not names[made].is_record:
                found[made] = _snake(made)
                following.append(made)
    return found


class Writer:
    """Writes the entries of one page."""

    def __init__(self, api: Api, links: Links, called: Mapping[str, str]) -> None:
        self._api = api
        self._links = links
        self._called = called

    def entry(self, definition: Definition, level: int) -> str:
        """The section of one name."""
        blocks = [f"{'#' * level} {definition.name}"]
        match definition.node:
            case ast.ClassDef():
                blocks += self._class(definition, level)
            case ast.FunctionDef() | ast.AsyncFunctionDef() as function:
                blocks += self._function(definition, function)
            case (
                ast.Assign(value=value) | ast.AnnAssign(annotation=ast.Name(id="TypeAlias"), value=ast.expr() as value)
            ):
                blocks += [
                    _fence(f"{definition.name} = {definition.module.source(value)}"),
                    *self._prose(definition.doc, definition.name),
                ]
            case ast.AnnAssign(annotation=annotation):
                blocks += [
                    _fence(f"{definition.name}: {definition.module.source(annotation)}"),
                    *self._prose(definition.doc, definition.name),
                ]
        return "\n\n".join(blocks)

    def module(self, module: Module) -> str:
        """The docstring of a module without its first line, which says what the module is in the package."""
        text = ast.get_docstring(module.tree) or ""
        return "\n\n".join(self._prose(text.partition("\n\n")[2], ""))

    # -- functions --

    def _function(self, definition: Definition, function: Function) -> list[str]:
        returns = definition.module.source(function.returns) if function.returns else ""
        if any("fixture" in ast.unparse(each) for each in function.decorator_list):
            given = re.sub(r"^AsyncGenerator\[(.*?)(, None)?\]$", r"\1", returns)
            return [
                _fence(f"async def test_it({definition.name}: {given}) -> None: ..."),
                *self._prose(definition.doc, ""),
            ]
        call = signature(definition.module, function, definition.name)
        return [_fence(call), *self._prose(definition.doc, "")]

    def _method(self, owner: Definition, method: Function, level: int) -> str:
        classmethod_ = any(ast.unparse(each) == "classmethod" for each in method.decorator_list)
        handle = owner.name if classmethod_ else self._called.get(owner.name, _snake(owner.name))
        call = signature(owner.module, method, f"{handle}.{method.name}", skip=1)
        blocks = [f"{'#' * level} {owner.name}.{method.name}", _fence(call)]
        blocks += self._prose(ast.get_docstring(method) or "", owner.name)
        if keywords := self._keywords(owner.module, method):
            blocks.append(keywords)
        return "\n\n".join(blocks)

    def _keywords(self, module: Module, function: Function) -> str:
        """The keywords of `**fields: Unpack[...]`, which a signature does not show."""
        match function.args.kwarg:
            case ast.arg(arg=name, annotation=ast.Subscript(value=ast.Name(id="Unpack"), slice=ast.Name(id=kind))):
                fields = self._api.lookup(kind, module)
            case _:
                return ""
        if fields is None:
            return ""
        names = [f"`{field.name}: {field.type}`" for field in all_attributes(fields)]
        return wrapped(f"Keywords `**{name}` ({self._links.code(kind)}), each of them optional: {', '.join(names)}.")

    # -- classes --

    def _class(self, definition: Definition, level: int) -> list[str]:
        blocks: list[str] = []
        if call := self._constructor(definition):
            blocks.append(_fence(call))
        blocks += self._prose(definition.doc, definition.name)
        if definition.attributes:
            blocks.append("\n".join(self._attribute(definition, each) for each in definition.attributes))
        blocks += self._inherited(definition)
        blocks += [self._method(definition, method, level + 1) for method in definition.methods.values()]
        return blocks

    def _constructor(self, definition: Definition) -> str:
        """How an object is made; "" for what users do not make themselves."""
        if definition.is_typed_dict or definition.is_error or definition.name in self._called.keys() - HANDLES.keys():
            return ""
        init = definition.constructor
        if init is None or definition.is_record:
            return ""
        mentioned = {
            node.id
            for arg in arguments(init)
            if arg.annotation
            for node in ast.walk(arg.annotation)
            if isinstance(node, ast.Name)
        }
        owned = {name for name in mentioned if self._api.lookup(name, definition.module)}
        if any(name not in self._links for name in owned):
            return ""
        return signature(definition.module, init, definition.name, skip=1, returns=False)

    def _attribute(self, owner: Definition, attribute: Attribute) -> str:
        kind = self._links.code(attribute.type) if attribute.type else ""
        notes = [kind] if kind else []
        if attribute.default is not None:
            notes.append(f"`{attribute.default}` by default")
        doc = self._links.text(" ".join(attribute.doc.split()), own=owner.name)
        about = f" ({', '.join(notes)})" if notes else ""
        return wrapped(f"- `{attribute.name}`{about}{f': {doc}' if doc else ''}", indent="  ")

    def _inherited(self, definition: Definition) -> list[str]:
        """What a class has from others, by name."""
        found: list[str] = []
        for parent in definition.ancestors:
            names = [f"`{each.name}`" for each in parent.attributes] + [f"`{name}()`" for name in parent.methods]
            if names:
                found.append(f"from {self._links.code(parent.name)}: {', '.join(names)}")
        builtin = {base for each in (definition, *definition.ancestors) for base in each.bases} & BUILTIN_ERRORS
        lines = [f"Also an instance of `{base}`." for base in sorted(builtin)]
        if len(found) == 1:
            return [wrapped(f"Inherited {found[0]}."), *lines]
        return (
            ["Inherited:\n\n" + "\n".join(wrapped(f"- {each}", indent="  ") for each in found), *lines]
            if found
            else lines
        )

    def _prose(self, text: str, own: str) -> list[str]:
        """A docstring as Markdown: code that is indented in it becomes a fenced block."""
        blocks: list[str] = []
        lines: list[str] = []
        code: list[str] = []

        def end(part: list[str], made: Callable[[str], str]) -> None:
            body = "\n".join(part).strip("\n")
            if body:
                blocks.append(made(body))
            part.clear()

        for line in text.splitlines():
            if line.startswith("    ") or (code and not line):
                end(lines, lambda body: paragraphs(self._links.text(body, own=own)))
                code.append(line[4:])
            else:
                end(code, _fence)
                lines.append(line)
        end(code, _fence)
        end(lines, lambda body: paragraphs(self._links.text(body, own=own)))
        return blocks


def all_attributes(definition: Definition) -> list[Attribute]:
    """The attributes of a class and, before them, of those that it derives from."""
    found: dict[str, Attribute] = {}
    for each in (*reversed(definition.ancestors), definition):
        found |= {attribute.name: attribute for attribute in each.attributes}
    return list(found.values())


def signature(module: Module, function: Function, name: str, *, skip: int = 0, returns: bool = True) -> str:
    """How a function is called, with `skip` parameters left out at the start (self)."""
    given = function.args
    positional = [*given.posonlyargs, *given.args]
    defaults = [None] * (len(positional) - len(given.defaults)) + list(given.defaults)
    parts: list[str] = []
    for number, (arg, default) in enumerate(zip(positional, defaults, strict=True)):
        if number >= skip:
            parts.append(_parameter(module, arg, default))
        if number + 1 == len(given.posonlyargs) and number >= skip:
            parts.append("/")
    if given.vararg is not None:
        parts.append(f"*{_parameter(module, given.vararg, None)}")
    elif given.kwonlyargs:
        parts.append("*")
    parts += [
        _parameter(module, arg, default) for arg, default in zip(given.kwonlyargs, given.kw_defaults, strict=True)
    ]
    if given.kwarg is not None:
        parts.append(f"**{_parameter(module, given.kwarg, None)}")
    awaited = "await " if isinstance(function, ast.AsyncFunctionDef) else ""
    result = f" -> {module.source(function.returns)}" if returns and function.returns is not None else ""
    line = f"{awaited}{name}({', '.join(parts)}){result}"
    if len(line) <= WIDTH:
        return line
    return f"{awaited}{name}(\n" + "".join(f"    {part},\n" for part in parts) + f"){result}"


def _parameter(module: Module, arg: ast.arg, default: ast.expr | None) -> str:
    annotation = f": {module.source(arg.annotation)}" if arg.annotation is not None else ""
    if default is None:
        return f"{arg.arg}{annotation}"
    return f"{arg.arg}{annotation}{' = ' if annotation else '='}{module.default(default)}"


def wrapped(text: str, *, indent: str = "") -> str:
    """A paragraph on lines of at most PAGE_WIDTH columns, not broken within code."""
    kept = re.sub(r"`[^`]*`", lambda code: code[0].replace(" ", "\0"), " ".join(text.split()))
    lines = textwrap.wrap(kept, PAGE_WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)
    return "\n".join(lines).replace("\0", " ")


def paragraphs(text: str) -> str:
    """Prose with those paragraphs wrapped again that links have made too long; lists and tables stay as they are."""
    return "\n\n".join(
        wrapped(part)
        if max(map(len, part.splitlines())) > PAGE_WIDTH and not re.search(r"^\s*[-*|\d]", part, re.MULTILINE)
        else part
        for part in text.split("\n\n")
    )


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()


def _fence(code: str) -> str:
    """A block of code, marked as Python where it is."""
    lines = [line.rstrip() for line in code.splitlines()]
    return "\n".join([f"```{'' if any(char in code for char in '├└│') else 'py'}", *lines, "```"])
