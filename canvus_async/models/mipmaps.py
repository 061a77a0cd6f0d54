"""The mipmap info of an asset (API page "Mipmaps and Assets", section "Get Mipmap Info")."""

import msgspec

from canvus_async.models.geometry import Size


class MipmapInfo(msgspec.Struct, frozen=True, gc=False):
    """The mipmap levels of one page of an asset, as the server reports them.

    `resolution` is the size of level 0 in pixels. `max_level` is the smallest picture's level; it is never computed
    here, because the public documents disagree on the rule. `pages` is 1 for images.
    """

    resolution: Size
    max_level: int
    pages: int = 1

    def level_for(self, width: int, height: int) -> int:
        """The level with the smallest picture that still covers a box of `width` by `height` pixels; 0 if none does.

        Each level halves both sides, so level L covers the box if `resolution >= box * 2**L` on both sides. The
        computation uses integers only, so rounding has no influence. Raises ValueError for a box without an area.
        """
        if width < 1 or height < 1:
            raise ValueError(f"width and height must be at least 1 pixel, got {width} x {height}")
        smaller_ratio = min(int(self.resolution.width) // width, int(self.resolution.height) // height)
        return max(0, min(smaller_ratio.bit_length() - 1, self.max_level))
