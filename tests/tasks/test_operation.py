"""A plan of deeds, and its result."""

import pytest

from tasks.errors import Moved
from tasks.operation import Deed, Operation

TAKE = Deed(what="instance/db", action="take", because="due since 02:00")
KEPT = Deed(what="instance/web", action="keep", because="taken at 02:00", id="ami-1")
PLANNED = Operation(verb="back-up", subject="shop", region="eu-west-1", deeds=(TAKE, KEPT))


def test_what_is_kept_is_no_change() -> None:
    assert PLANNED.changes == (TAKE,)
    assert not PLANNED.settled
    assert PLANNED.model_copy(update={"deeds": (KEPT,)}).settled


def test_its_fingerprint_is_of_what_is_to_be_done_in_any_order_and_not_of_what_is_kept() -> None:
    turned = PLANNED.model_copy(update={"deeds": (KEPT.model_copy(update={"because": "so"}), TAKE)})
    assert turned.fingerprint == PLANNED.fingerprint
    other = PLANNED.model_copy(update={"deeds": (TAKE, KEPT.model_copy(update={"action": "remove"}))})
    assert other.fingerprint != PLANNED.fingerprint


def test_what_was_agreed_to_and_moved_is_refused() -> None:
    PLANNED.refuse_unless(None)
    PLANNED.refuse_unless(PLANNED.fingerprint)
    with pytest.raises(Moved, match="Look at the new plan"):
        PLANNED.refuse_unless("v1-0000000000000000")


def test_done_it_tells_ids_seconds_and_figures_beside_what_was_kept() -> None:
    ended = PLANNED.done(
        (TAKE.model_copy(update={"id": "ami-2", "seconds": 1.5}),), 2.0, {"read": 3, "write": 1}, gib=8
    )
    document = ended.document()
    assert [(deed["what"], deed["id"]) for deed in document["deeds"]] == [
        ("instance/db", "ami-2"),
        ("instance/web", "ami-1"),
    ]
    assert (document["seconds"], document["calls"], document["figures"]) == (2.0, {"read": 3, "write": 1}, {"gib": 8})
    assert document["counts"] == {"keep": 1, "take": 1}
