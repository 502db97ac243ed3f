"""Colours as triples, before they become pixels."""

Colour = tuple[float, float, float]


def scaled(colour: Colour, factor: float) -> Colour:
    """The colour, darker or lighter, clipped to [0, 1]."""
    red, green, blue = (min(max(channel * factor, 0.0), 1.0) for channel in colour)
    return (red, green, blue)


def mixed(first: Colour, second: Colour, share: float) -> Colour:
    """`first` with `share` of it replaced by `second`."""
    red, green, blue = (a + (b - a) * share for a, b in zip(first, second, strict=True))
    return (red, green, blue)


def luminance(colour: Colour) -> float:
    """Perceived brightness in [0, 1]."""
    red, green, blue = colour
    return 0.299 * red + 0.587 * green + 0.114 * blue
