"""Boxes: rectangles in pixels, within each other."""

from dataclasses import dataclass

GRID = 10  # pixels; cards stand on it, and arrows run on it. Frames stand beside it, so that no arrow runs along one


@dataclass(frozen=True)
class Box:
    """A rectangle."""

    x: int
    y: int
    width: int
    height: int

    @property
    def right(self) -> int:
        """Its right edge."""
        return self.x + self.width

    @property
    def bottom(self) -> int:
        """Its lower edge."""
        return self.y + self.height

    def overlaps(self, other: "Box") -> bool:
        """Whether they share more than an edge."""
        beside = self.right <= other.x or other.right <= self.x
        return not beside and not (self.bottom <= other.y or other.bottom <= self.y)

    def within(self, other: "Box") -> bool:
        """Whether it lies in the other one."""
        inside = other.x <= self.x and self.right <= other.right
        return inside and other.y <= self.y and self.bottom <= other.bottom

    def grown(self, by: int) -> "Box":
        """With a margin around it."""
        return Box(self.x - by, self.y - by, self.width + 2 * by, self.height + 2 * by)

    def moved(self, x: int, y: int) -> "Box":
        """The same, elsewhere."""
        return Box(self.x + x, self.y + y, self.width, self.height)


@dataclass(frozen=True)
class Frame:
    """A box that others stand in, with a caption at its top left. `inside` is the key of the frame that it's in."""

    key: str
    style: str
    box: Box
    title: str
    told: str = ""
    inside: str = ""


@dataclass(frozen=True)
class Placed:
    """Where everything is: frames from the outermost in, cards by key, and for each card the frame that it's in.

    `foot` is the height of what's told beneath.
    """

    width: int
    height: int
    frames: tuple[Frame, ...]
    cards: dict[str, Box]
    inside: dict[str, str]
    foot: int
