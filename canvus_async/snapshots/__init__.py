"""Pictures of a canvas: what to draw is worked out first (pure), its mipmaps are fetched, then Pillow draws it all."""
