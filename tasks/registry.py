"""Every kind of resource that Castra knows: one line each."""

from typing import Any

from tasks.kind import Kind
from tasks.network.subnet import SubnetKind
from tasks.network.vpc import VpcKind

KINDS: dict[str, Kind[Any, Any]] = {
    kind.name: kind
    for kind in (
        VpcKind(),
        SubnetKind(),
    )
}
