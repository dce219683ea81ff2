"""The colours of curves and maps, and the dashes that tell curves apart in grey."""

from matplotlib.typing import LineStyleType

# Okabe and Ito's colours, which the colour-blind can tell apart (jfly.uni-koeln.de/color, 2008), without yellow.
BLACK, ORANGE, SKY, GREEN, BLUE, VERMILLION, PURPLE = (
    "#000000",
    "#E69F00",
    "#56B4E9",
    "#009E73",
    "#0072B2",
    "#D55E00",
    "#CC79A7",
)
SERIES = (BLUE, VERMILLION, GREEN, PURPLE, ORANGE, SKY, BLACK)
DASHES: dict[str, LineStyleType] = {
    VERMILLION: (0, (5, 1.5)),
    GREEN: (0, (5, 1.5, 1, 1.5)),
    PURPLE: (0, (1, 1.2)),
    ORANGE: (0, (8, 2)),
    SKY: (0, (5, 1.5, 1, 1.5, 1, 1.5)),
}
"""Of curves in print, by their colours; blue and black ones are solid."""

DIVERGING, SEQUENTIAL = "RdBu_r", "cividis"  # maps of colours, both safe for the colour-blind
