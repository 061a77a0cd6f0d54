"""Writes Markdown for the command line, from the help that each command shows."""

from collections.abc import Iterator
from pathlib import Path
from typing import Literal, cast, get_args, get_origin

from cyclopts import App
from cyclopts.argument import Argument

from reference_writer.markdown import paragraphs, wrapped


def commands(app: App) -> Iterator[tuple[str, App]]:
    """The commands of `canvus`, in the order in which they were registered."""
    for name in app:
        if not name.startswith("-"):
            yield name, app[name]


def command(name: str, app: App) -> str:
    """The section of one command."""
    found = [each for each in app.assemble_argument_collection(parse_docstring=True) if each.show]
    positional = [each for each in found if not each.names[0].startswith("-")]
    options = [each for each in found if each.names[0].startswith("-")]
    blocks = [f"## canvus {name}", paragraphs(str(app.help).strip()), _console(_usage(name, positional))]
    blocks += ["\n".join(_argument(each) for each in (*positional, *options))]
    examples = [line.strip() for line in str(app.help_epilogue or "").splitlines() if line.startswith("  ")]
    if examples:
        blocks += ["Examples:", _console("\n".join(f"$ {line}" for line in examples))]
    return "\n\n".join(blocks)


def _usage(name: str, positional: list[Argument]) -> str:
    parts = [f"canvus {name}"]
    for each in positional:
        shown = each.names[0].upper() if not _repeats(each) else f"{each.names[0].upper()}..."
        parts.append(shown if each.required else f"[{shown}]")
    return f"$ {' '.join(parts)} [OPTIONS]"


def _argument(argument: Argument) -> str:
    if argument.names[0].startswith("-"):
        value = _value(argument.hint)
        names = ", ".join(f"`{name}{value}`" for name in argument.names)
    else:
        names = f"`{argument.names[0].upper()}`"
    notes: list[str] = []
    if argument.show_default and (default := argument.field_info.default) not in {False, True, None, ""}:
        notes.append(f"default: `{default}`")
    notes += [f"environment variable: `{name}`" for name in argument.parameter.env_var or ()]
    words = " ".join(str(argument.parameter.help or "").split())
    return wrapped(f"- {names}: {words}" + (f" ({'; '.join(notes)})" if notes else ""), indent="  ")


def _value(hint: object) -> str:
    """What is typed after an option, with a space before it; "" for a switch."""
    if get_origin(hint) is Literal:
        return f" {'|'.join(map(str, get_args(hint)))}"
    if kinds := [each for each in get_args(hint) if each is not type(None)]:  # X | None, list[X]
        return _value(kinds[0])
    return {bool: "", int: " NUMBER", float: " NUMBER", Path: " PATH"}.get(cast("type", hint), " TEXT")


def _repeats(argument: Argument) -> bool:
    return argument.field_info.kind is argument.field_info.VAR_POSITIONAL


def _console(text: str) -> str:
    return f"```console\n{text}\n```"
