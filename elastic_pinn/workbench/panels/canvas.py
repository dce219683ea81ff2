"""The size of live pictures, which stays while they change: what one points at is still there after the next one."""

from elastic_pinn.workbench.figures.picture import Picture


class Canvas:
    """The heights of the pictures of a live view: of each kind, and size as made, that of the first."""

    def __init__(self) -> None:
        self._heights: dict[tuple[str, int, tuple[float, ...]], float] = {}

    def arrange(self, picture: Picture, kind: str = "") -> Picture:
        """Lay out a picture in the size of the first of its kind that was made with as many axes and as large, and
        return it."""
        key = kind, len(picture.axes), tuple(picture.get_size_inches().tolist())
        self._heights[key] = picture.arrange_alike(self._heights.get(key))
        return picture
