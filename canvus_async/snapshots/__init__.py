"""Pictures of a canvas: plan what to draw (pure arithmetic), fetch the mipmaps, then draw with Pillow."""
