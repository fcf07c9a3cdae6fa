"""How long something is to last, as people write it: `8h`, `3d`, `1w`, `1d12h`."""

import re
from datetime import timedelta
from typing import Annotated

from pydantic import AfterValidator, Field

FORM = r"^([1-9][0-9]*w)?([1-9][0-9]*d)?([1-9][0-9]*h)?([1-9][0-9]*m)?$"
SHORTEST, LONGEST = timedelta(minutes=10), timedelta(days=366)
UNITS = {"w": timedelta(weeks=1), "d": timedelta(days=1), "h": timedelta(hours=1), "m": timedelta(minutes=1)}


def lasting(text: str) -> timedelta:
    """`1d12h` as a time. Raises ValueError, in words, for what isn't one."""
    if not text or not re.fullmatch(FORM, text):
        raise ValueError(
            f"{text!r} isn't a time such as 8h, 3d or 1d12h: weeks, days, hours and minutes, in this order"
        )
    time = sum((int(count) * UNITS[unit] for count, unit in re.findall(r"([0-9]+)([wdhm])", text)), timedelta())
    if not SHORTEST <= time <= LONGEST:
        raise ValueError(f"{text} is too {'short' if time < SHORTEST else 'long'}: 10m to {LONGEST.days}d are allowed")
    return time


def _a_lifetime(text: str) -> str:
    lasting(text)
    return text


Lifetime = Annotated[
    str, AfterValidator(_a_lifetime), Field(examples=["8h", "3d"], json_schema_extra={"pattern": FORM, "minLength": 1})
]
"""Text that `lasting` understands; the schema's pattern lets forms and the API refuse the rest."""
