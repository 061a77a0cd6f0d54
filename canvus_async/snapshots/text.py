"""Text in a box: wrapped, and made smaller until it fits, in the font that comes with Pillow."""

# pyright: reportUnknownMemberType=false
# Pillow names numpy in its annotations, which is not installed.

from itertools import accumulate, takewhile
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
        self._widths: dict[int, _Letters] = {}

    def mask(self, text: str, size: tuple[int, int], largest: float, *, centred: bool) -> Image.Image | None:
        """Where there is ink, as an "L" picture of `size`; None where nothing can be read.

        Letters are `largest` pixels high, or less where the text would not fit. Words are broken only where they
        would have to become very small otherwise.
        """
        if largest < SMALLEST:
            return None
        pixels, lines = self.fitted(text, size, int(largest))
        if not any(lines):
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

    def fitted(self, text: str, size: tuple[int, int], largest: int) -> tuple[int, list[str]]:
        """The size of the largest letters that fit, in pixels, and the lines that they make."""
        text = _printable(text)
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
        letters = self._letters(pixels)
        lines: list[str] = []
        broken = False
        for paragraph in text.split("\n"):
            line, used = "", 0.0
            for word in paragraph.split(" "):
                needed = letters.width(word)
                if line and used + letters[" "] + needed <= width:
                    line, used = f"{line} {word}", used + letters[" "] + needed
                    continue
                if line:
                    lines.append(line)
                line, used = word, needed
                while used > width and len(line) > 1:
                    broken = True
                    room = letters.within(line, width)
                    lines.append(line[:room])
                    line = line[room:]
                    used = letters.width(line)
            lines.append(line)
        return lines, broken

    def _shortened(self, line: str, width: int, pixels: int) -> str:
        letters = self._letters(pixels)
        room = width - letters["…"]
        return f"{line if letters.width(line) <= room else line[: letters.within(line, room)]}…"

    def _letters(self, pixels: int) -> "_Letters":
        if pixels not in self._widths:
            self._widths[pixels] = _Letters(self._font(pixels))
        return self._widths[pixels]


class _Letters(dict[str, float]):
    """How wide each letter of a font is, in pixels: measured once, since the font takes its time for every question."""

    def __init__(self, font: _Font) -> None:
        self._font = font

    def __missing__(self, letter: str) -> float:
        width = self[letter] = self._font.getlength(letter)
        return width

    def width(self, text: str) -> float:
        """Pixels across, without what pairs of letters move closer together."""
        return sum(map(self.__getitem__, text))

    def within(self, text: str, width: float) -> int:
        """How many of the first letters fit; at least one, so that every line takes something."""
        fitting = takewhile(lambda used: used <= width, accumulate(map(self.__getitem__, text)))
        return max(1, sum(1 for _ in fitting))


def _printable(text: str) -> str:
    """The text without control characters, of which a font has no picture, and no longer than can be read."""
    lines = text[:_MOST_LETTERS].replace("\r\n", "\n").expandtabs(4).strip().split("\n")
    return "\n".join("".join(letter if letter.isprintable() else " " for letter in line) for line in lines)
