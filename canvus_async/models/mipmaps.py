"""What the server says of an asset's mipmaps (seed 000, "Get Mipmap Info")."""

import msgspec

from canvus_async.models.geometry import Size


class MipmapInfo(msgspec.Struct, frozen=True, gc=False):
    """The mipmap levels that one page of an asset has.

    `resolution` is in pixels, level 0. `max_level` is the server's word and is never computed here: the public
    documents disagree on the rule. `pages` is 1 for images.
    """

    resolution: Size
    max_level: int
    pages: int = 1

    def level_for(self, width: int, height: int) -> int:
        """The smallest level that still covers a box of `width` by `height` pixels; 0 where none does.

        Each level halves both sides, so level L covers the box when `resolution >= box * 2**L` on both sides.
        Integers only: no rounding decides. Raises ValueError for a box without an area.
        """
        if width < 1 or height < 1:
            raise ValueError(f"a box needs a width and a height of at least 1 pixel, got {width} x {height}")
        smaller_ratio = min(int(self.resolution.width) // width, int(self.resolution.height) // height)
        return max(0, min(smaller_ratio.bit_length() - 1, self.max_level))
