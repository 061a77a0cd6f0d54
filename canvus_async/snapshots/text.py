"""Text in a box: wrapped, and reduced until it fits, in the font that Pillow includes."""

# pyright: reportUnknownMemberType=false
# Pillow's annotations use numpy, which is not installed.

from itertools import accumulate, takewhile
from typing import TypeAlias

from PIL import Image, ImageDraw, ImageFont

SMALLEST = 5
"""Pixels of the smallest letters. Text that does not fit in this size is cut off with an ellipsis."""

_UNBROKEN = 0.4
"""Words are broken only if the letters would have to be smaller than this part of the largest size."""

_LEADING = 1.2
"""Height of a line relative to the letters."""

_MOST_LETTERS = 10_000
"""Letters of a text that are drawn, at most."""

_Font: TypeAlias = ImageFont.FreeTypeFont | ImageFont.ImageFont


class TextRenderer:
    """Draws text, and caches the fonts of one picture."""

    def __init__(self) -> None:
        self._fonts: dict[int, _Font] = {}
        self._widths: dict[int, _LetterWidths] = {}

    def mask(self, text: str, size: tuple[int, int], largest: float, *, centred: bool) -> Image.Image | None:
        """The text as a mask (mode "L") of `size`; None if it is empty or the letters would be too small.

        Letters are `largest` pixels high, or smaller if the text does not fit. Words are broken only if the letters
        would become very small otherwise.
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
        """The largest size of letters that fits, in pixels, and the lines in that size."""
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
        """The lines of a text, and whether a word had to be broken."""
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
                    room = letters.fitting(line, width)
                    lines.append(line[:room])
                    line = line[room:]
                    used = letters.width(line)
            lines.append(line)
        return lines, broken

    def _shortened(self, line: str, width: int, pixels: int) -> str:
        letters = self._letters(pixels)
        room = width - letters["…"]
        return f"{line if letters.width(line) <= room else line[: letters.fitting(line, room)]}…"

    def _letters(self, pixels: int) -> "_LetterWidths":
        if pixels not in self._widths:
            self._widths[pixels] = _LetterWidths(self._font(pixels))
        return self._widths[pixels]


class _LetterWidths(dict[str, float]):
    """The width of each letter of a font in pixels. Cached, because measuring with the font is slow."""

    def __init__(self, font: _Font) -> None:
        self._font = font

    def __missing__(self, letter: str) -> float:
        width = self[letter] = self._font.getlength(letter)
        return width

    def width(self, text: str) -> float:
        """The width of a text in pixels, without kerning."""
        return sum(map(self.__getitem__, text))

    def fitting(self, text: str, width: float) -> int:
        """How many letters from the start fit; at least one, so that every line makes progress."""
        widths = takewhile(lambda used: used <= width, accumulate(map(self.__getitem__, text)))
        return max(1, sum(1 for _ in widths))


def _printable(text: str) -> str:
    """The text without control characters, which have no glyph, and not longer than `_MOST_LETTERS`."""
    lines = text[:_MOST_LETTERS].replace("\r\n", "\n").expandtabs(4).strip().split("\n")
    return "\n".join("".join(letter if letter.isprintable() else " " for letter in line) for line in lines)
