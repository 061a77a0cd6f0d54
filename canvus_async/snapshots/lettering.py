"""Text in a box: wrapped, and made smaller until it fits, in the font that comes with Pillow."""

# pyright: reportUnknownMemberType=false
# Pillow names numpy in its annotations, which is not installed.

from typing import TypeAlias

from PIL import Image, ImageDraw, ImageFont

SMALLEST = 5
"""Pixels: below that letters are specks. What does not fit even so is cut off with an ellipsis."""

_UNBROKEN = 0.4
_LEADING = 1.2
_MOST_LETTERS = 10_000

_Font: TypeAlias = ImageFont.FreeTypeFont | ImageFont.ImageFont


class Lettering:
    """The fonts of one picture, each loaded once."""

    def __init__(self) -> None:
        self._fonts: dict[int, _Font] = {}

    def mask(self, text: str, size: tuple[int, int], largest: float, *, centred: bool) -> Image.Image | None:
        """Where there is ink, as an "L" picture of `size`; None where nothing can be read.

        Letters are `largest` pixels high, or less where the text would not fit. Words are broken only where they
        would have to become very small otherwise.
        """
        text = _printable(text)
        if not text or largest < SMALLEST:
            return None
        pixels, lines = self._fitted(text, size, int(largest))
        if not lines:
            return None
        font, step = self._font(pixels), pixels * _LEADING
        mask = Image.new("L", size)
        draw = ImageDraw.Draw(mask)
        top = (size[1] - step * len(lines)) / 2 if centred else 0.0
        for number, line in enumerate(lines):
            left = (size[0] - font.getlength(line)) / 2 if centred else 0.0
            draw.text((left, top + step * (number + 0.5)), line, fill=255, font=font, anchor="lm")
        return mask

    def _font(self, pixels: int) -> _Font:
        if pixels not in self._fonts:
            self._fonts[pixels] = ImageFont.load_default(pixels)
        return self._fonts[pixels]

    def _fitted(self, text: str, size: tuple[int, int], largest: int) -> tuple[int, list[str]]:
        """The largest letters that fit and the lines that they make."""
        low, high = SMALLEST, largest
        while low < high:
            middle = (low + high + 1) // 2
            if self._fits(text, size, middle, may_break=middle <= largest * _UNBROKEN):
                low = middle
            else:
                high = middle - 1
        lines, _ = self._wrapped(text, size[0], low)
        room = int(size[1] / (low * _LEADING))
        if len(lines) > room:
            lines = lines[:room]
            if lines:
                lines[-1] = self._shortened(lines[-1], size[0], low)
        return low, lines

    def _fits(self, text: str, size: tuple[int, int], pixels: int, *, may_break: bool) -> bool:
        lines, broken = self._wrapped(text, size[0], pixels)
        return len(lines) * pixels * _LEADING <= size[1] and (may_break or not broken)

    def _wrapped(self, text: str, width: int, pixels: int) -> tuple[list[str], bool]:
        """The lines of a text, and whether a word had to be broken for them."""
        font = self._font(pixels)
        lines: list[str] = []
        broken = False
        for paragraph in text.split("\n"):
            line = ""
            for word in paragraph.split(" "):
                longer = f"{line} {word}" if line else word
                if font.getlength(longer) <= width:
                    line = longer
                    continue
                if line:
                    lines.append(line)
                line = word
                while (room := _letters_within(font, line, width)) < len(line):
                    broken = True
                    lines.append(line[:room])
                    line = line[room:]
            lines.append(line)
        return lines, broken

    def _shortened(self, line: str, width: int, pixels: int) -> str:
        font = self._font(pixels)
        while line and font.getlength(f"{line}…") > width:
            line = line[:-1]
        return f"{line}…"


def _letters_within(font: _Font, text: str, width: int) -> int:
    """How many of a text's first letters fit; at least one, so that every line takes something."""
    low, high = min(1, len(text)), len(text)
    while low < high:
        middle = (low + high + 1) // 2
        if font.getlength(text[:middle]) <= width:
            low = middle
        else:
            high = middle - 1
    return low


def _printable(text: str) -> str:
    """The text without control characters, of which a font has no picture, and no longer than can be read."""
    lines = text[:_MOST_LETTERS].replace("\r\n", "\n").expandtabs(4).strip().split("\n")
    return "\n".join("".join(letter if letter.isprintable() else " " for letter in line) for line in lines)
