"""The section `instances`, with the volumes and addresses that belong to them."""

from typing import Any

from tasks.compute.blocks import GP3_IOPS, GP3_THROUGHPUT
from tasks.exporting.machines import booted, may, placement
from tasks.exporting.standing import Section, Standing, said
from tasks.kind import Found


def instances(standing: Standing, zones: dict[str, str]) -> dict[str, Section]:
    """Each, by name."""
    return {name: _instance(standing, name, one, zones) for name, one in standing.of("instance").items()}


def _instance(standing: Standing, name: str, one: Found[Any], zones: dict[str, str]) -> Section:
    state, own = one.state, f"instance-{name}"
    subnet = standing.key(state.subnet)
    zone = zones.get(state.subnet) or f"{standing.region}{subnet[-1]}"
    root = said(size=state.root_size, encrypted=state.root_encrypted, **_block(state.root))
    return said(
        **booted(standing, state, own),
        **may(standing, own),
        placement=placement(standing, [state.subnet], zones),
        zone=zone,
        root=root,
        volumes=_volumes(standing, name, state) or None,
        elastic_ip=bool(state.address) or None,
        deletion_protection=state.deletion_protection,
        running=state.running,
    )


def _block(block: Any) -> Section:
    """What isn't as its type has it anyway."""
    if block is None:
        return {}
    usual = {"iops": GP3_IOPS, "throughput": GP3_THROUGHPUT} if block.type == "gp3" else {}
    return said(**{field: value for field, value in block.model_dump().items() if usual.get(field) != value})


def _volumes(standing: Standing, name: str, state: Any) -> dict[str, Section]:
    """By their names within the instance. `volumes` of a state is devices to ids, or ids to devices."""
    told: dict[str, Section] = {}
    for device, id in state.volumes.items():
        volume = standing.state("volume", standing.name(id))
        if volume is not None:
            told[standing.name(id).removeprefix(f"{name}-")] = said(
                device=device,
                size=volume.size,
                **_block(volume.block),
                encrypted=volume.encrypted,
                kms_key=volume.kms_key or None,
                from_snapshot=volume.snapshot or None,
                on_removal=volume.on_removal,
            )
    return told
