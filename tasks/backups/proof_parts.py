"""What a backup is proven by: the parts of an environment that expires, in a network that nothing else is in. Pure."""

from datetime import datetime, timedelta

from blueprints.instances import Attached, StandingInstance
from blueprints.part import Id, Lookup, Part, Ready
from tasks.backups.machine import Machine
from tasks.backups.proving import Proof
from tasks.backups.restoring import OWN, Into, name_of, own_network, parts_of

CARRIER = {"image": "ssm:/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64", "type": "t3.micro"}
DEVICE = "/dev/sdf"
SPARE = timedelta(hours=2)  # beside the patience: for raising and striking


def parts_of_proof(proof: Proof, machine: Machine, region: str) -> tuple[Part, ...]:
    """A restored instance with its volumes; a lone volume is attached to an instance that is there for that only."""
    assert proof.backup is not None
    prove, zone = proof.prove, machine.zone or f"{region}a"
    into = Into(
        name_of(proof.backup),
        own_network=True,
        zone=zone,
        instance_type=prove.instance_type or "",
        outward=prove.query is not None or prove.port is not None,
        port=prove.port,
        peers=(prove.reached_from,) if prove.reached_from else (),
        wipe=True,
    )
    parts = parts_of(proof.backup, machine, into)
    return (
        parts if proof.backup.source.startswith("i-") else (*own_network(into, zone), *parts, _carrier(into, parts[0]))
    )


def _carrier(into: Into, volume: Part) -> StandingInstance:
    ready = (f"firewall/{OWN}", *((f"route-table/{OWN}",) if into.outward else ()))
    return StandingInstance(
        name="carrier",
        image=Lookup(CARRIER["image"]),
        pinned=False,
        instance_type=into.instance_type or CARRIER["type"],
        subnet=Id(f"subnet/{OWN}"),
        groups=(Id(f"security-group/{OWN}"),),
        profile=Id(f"instance-profile/{OWN}") if into.outward else None,
        volumes=(Attached(device=DEVICE, volume=Ready(volume.key)),),
        after=tuple(Ready(one) for one in ready),
    )


def end_of(proof: Proof, now: datetime) -> datetime:
    """Until when a proof may stand: whatever is left of it afterwards is nobody's."""
    return now + timedelta(minutes=proof.prove.minutes) + SPARE
