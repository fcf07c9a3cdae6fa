"""How wide a text is, at most, in any usual font without serifs: the reader's fonts aren't known."""

NARROW, WIDE = frozenset("ijlI.,:;|!'()[]/ "), frozenset("mwMW@%–—×")
BOLD = 1.08
PER_EM = {"narrow": 0.4, "wide": 1.0, "capital": 0.76, "other": 0.65}


def width(text: str, size: float, *, bold: bool = False) -> float:
    """Pixels that a text takes at most."""
    return sum(_em(letter) for letter in text) * size * (BOLD if bold else 1)


def shortened(text: str, most: float, size: float, *, bold: bool = False) -> str:
    """The text, or as much of it as fits, with an ellipsis."""
    if width(text, size, bold=bold) <= most:
        return text
    while text and width(f"{text}…", size, bold=bold) > most:
        text = text[:-1]
    return f"{text.rstrip()}…"


def _em(letter: str) -> float:
    if letter in NARROW:
        return PER_EM["narrow"]
    if letter in WIDE:
        return PER_EM["wide"]
    return PER_EM["capital" if letter.isupper() else "other"]
