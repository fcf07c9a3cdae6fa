"""What the standard suite has to know of a kind to put it through its life."""

from collections.abc import Callable
from dataclasses import dataclass

from blueprints.part import Part
from tasks.scope import Scope

ByHand = Callable[[Scope, str], None]
"""Something done to a resource (by id) with plain boto3, behind Castra's back."""


@dataclass(frozen=True)
class Row:
    """One kind's row.

    `needs`: parts that must stand first. `changed`: the part with as much changed as can be in place, or None.
    `moved`: the part with a fixed field changed; None if it has none. `by_hand` changes a field. `vanish` deletes it.
    `twin` makes a second one that carries the part's tags (scope, key); None where AWS's own names forbid two.
    `ground` makes what must stand that is nobody's part, and clears what another test has left there.
    """

    part: Part
    by_hand: ByHand
    vanish: ByHand
    needs: tuple[Part, ...] = ()
    changed: Part | None = None
    moved: Part | None = None
    twin: ByHand | None = None
    ground: Callable[[], object] | None = None
