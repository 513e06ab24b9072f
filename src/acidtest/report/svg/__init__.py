"""Charts as inline SVG: each module draws one kind and returns a string. Coordinates only, no statistics."""
