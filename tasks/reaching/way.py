"""The way to a machine: by Session Manager, to its own address, or by way of a bastion. Pure."""

import shlex
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from tasks.errors import Refused
from tasks.reaching.host import CORE, SSH, Host

USUAL = "ec2-user"
NEEDS = {"aws": ("aws", "session-manager-plugin"), "ssh": ("ssh",)}
"""The programs that a command takes."""


@dataclass(frozen=True)
class Asked:
    """What somebody asks for beside the machine: the file of a private key, and as whom to log in."""

    region: str
    key: str = ""
    user: str = ""

    @property
    def ssh(self) -> bool:
        """Whether SSH is meant, whatever carries it."""
        return bool(self.key or self.user)


class Way(BaseModel):
    """How to reach a machine. `via` is the bastion's part; `admitted` who may come by SSH to what is open outside."""

    model_config = ConfigDict(frozen=True)

    part: str
    instance: str
    by: Literal["session", "ssh", "bastion"]
    via: str = ""
    admitted: tuple[str, ...] = ()
    command: tuple[str, ...]
    remarks: tuple[str, ...] = ()

    @property
    def line(self) -> str:
        """The command as a shell takes it."""
        return shlex.join(self.command)

    @property
    def programs(self) -> tuple[str, ...]:
        """What must be installed for it."""
        used = [self.command[0], *(["aws"] if "aws ssm " in self.line else [])]
        return tuple(dict.fromkeys(program for one in used for program in NEEDS[one]))

    def document(self) -> dict[str, Any]:
        """As `--json` prints it."""
        return self.model_dump(mode="json") | {"line": self.line}


# ---------------------------------------------------------------------- which way


def way_to(host: Host, hosts: Iterable[Host], asked: Asked) -> Way:
    """How to reach it. Raises Refused with all that is missing.

    Session Manager is first; then its own address; then a bastion. Where its agent is there, though its role isn't
    known to allow it, Session Manager is the last resort: an account can allow it for all instances at once.
    """
    if host.state != "running":
        way_out = "Start it (castra resume, or `running: true` in its blueprint), or wait until it runs"
        raise Refused(str(host), f"it is {host.state}", way_out)
    if way := next(_ways(host, tuple(hosts), asked), None):
        return way
    whys, ways_out = zip(*_missing(host), strict=True)
    raise Refused(str(host), f"there's no way to it: {'; '.join(whys)}", "; or ".join(ways_out))


def _ways(host: Host, hosts: tuple[Host, ...], asked: Asked) -> Iterator[Way]:
    if host.online and host.allowed and _takes(host, asked):
        yield _session(host, asked)
    if host.from_outside and _has_key(host, asked):
        yield Way(
            **_of(host), by="ssh", admitted=host.from_outside, **_said(_ssh(host, host.public, asked), [host], asked)
        )
    for bastion in sorted(hosts, key=_preferred, reverse=True):
        if _leads_to(bastion, host) and _has_key(host, asked) and _has_key(bastion, asked):
            yield _by_bastion(host, bastion, asked)
    if host.online and not host.allowed and _takes(host, asked):
        yield _session(host, asked, "Its role isn't known to allow Session Manager, but its agent is there.")


def _session(host: Host, asked: Asked, *remarks: str) -> Way:
    """A shell by Session Manager; where SSH is meant, SSH through its tunnel."""
    if asked.ssh:
        command = _ssh(host, host.id, asked, _tunnel(host, asked.region))
        return Way(**_of(host), by="session", **_said(command, [host], asked, *remarks))
    command = ("aws", "ssm", "start-session", "--target", host.id, "--region", asked.region)
    return Way(**_of(host), by="session", command=command, remarks=remarks)


def _by_bastion(host: Host, bastion: Host, asked: Asked) -> Way:
    """`-J` leaves the key to the agent; with a key the same is written out, for `-i` isn't passed on to the bastion."""
    if bastion.from_outside and not asked.key:
        jump = ("-J", f"{_user(bastion, asked)}@{bastion.public}")
        command: tuple[str, ...] = ("ssh", *jump, f"{_user(host, asked)}@{host.private}")
    else:
        direct = bool(bastion.from_outside)
        tunnel = () if direct else _tunnel(bastion, asked.region)
        hop = _ssh(bastion, bastion.public if direct else bastion.id, asked, tunnel, ("-W", "%h:%p"))
        command = _ssh(host, host.private, asked, hop)
    told = _said(command, [bastion, host], asked)
    return Way(**_of(host), by="bastion", via=bastion.part, admitted=bastion.from_outside, **told)


def _ssh(
    host: Host, address: str, asked: Asked, proxy: tuple[str, ...] = (), more: tuple[str, ...] = ()
) -> tuple[str, ...]:
    key = ("-i", asked.key) if asked.key else ()
    through = ("-o", f"ProxyCommand={shlex.join(proxy)}") if proxy else ()
    return ("ssh", *key, *more, *through, f"{_user(host, asked)}@{address}")


def _tunnel(host: Host, region: str) -> tuple[str, ...]:
    """https://docs.aws.amazon.com/systems-manager/latest/userguide/session-manager-getting-started-enable-ssh-connections.html"""
    to = ("--document-name", "AWS-StartSSHSession", "--parameters", f"portNumber={SSH}")
    return ("aws", "ssm", "start-session", "--target", host.id, "--region", region, *to)


def _of(host: Host) -> dict[str, Any]:
    return {"part": host.part, "instance": host.id}


def _said(command: tuple[str, ...], hosts: Sequence[Host], asked: Asked, *remarks: str) -> dict[str, Any]:
    """The command, with what one has to know of keys and users."""
    pairs = dict.fromkeys(host.key_pair for host in hosts if host.key_pair)
    more = (
        [f"It takes the private key of {' and of '.join(pairs)}."]
        if pairs and not (asked.key and len(pairs) == 1)
        else []
    )
    if not asked.user and (unknown := [host.part for host in hosts if not host.user]):
        more.append(f"The image of {' and '.join(unknown)} doesn't tell its user: --user, if it isn't {USUAL}.")
    return {"command": command, "remarks": (*remarks, *more)}


def _user(host: Host, asked: Asked) -> str:
    return asked.user or host.user or USUAL


def _takes(host: Host, asked: Asked) -> bool:
    """Whether it takes SSH, where that is meant: Session Manager needs no key."""
    return not asked.ssh or _has_key(host, asked)


def _has_key(host: Host, asked: Asked) -> bool:
    """A key pair that it was launched with, or a key that somebody says it knows."""
    return not host.windows and bool(host.key_pair or asked.key)


def _leads_to(bastion: Host, host: Host) -> bool:
    """Whether one gets to the bastion, and from there to the machine."""
    open_ = bool(bastion.from_outside) or (bastion.online and bastion.allowed)
    return bastion.id != host.id and bastion.state == "running" and open_ and host.admits(bastion)


def _preferred(host: Host) -> tuple[Any, ...]:
    """What is called a bastion, then what is open, then what stands by itself, then the newest."""
    standing = host.part.startswith("instance/")
    return "bastion" in host.part, bool(host.from_outside), standing, host.launched, host.id


# ---------------------------------------------------------------------- what's missing


def _missing(host: Host) -> Iterator[tuple[str, str]]:
    """Why each way isn't open, and what opens it."""
    if not host.allowed:
        yield "its role doesn't allow Session Manager", f"Give it managed_policies: [arn:aws:iam::aws:policy/{CORE}]"
    elif not host.online:
        needs = "a way to AWS (nat: one, or the endpoints ssm, ssmmessages and ec2messages)"
        yield (
            "its role allows Session Manager, but its agent isn't online",
            f"give the agent {needs}, and a few minutes",
        )
    if host.windows:
        yield "it runs Windows, to which there's no SSH", "reach it by Session Manager"
        return
    if not host.key_pair:
        yield "it was launched without a key pair", "name one (key_pair), or one that it knows by --key"
    if not host.public:
        yield "it has no public address", "put it into a public subnet (placement: public)"
    elif not host.from_outside:
        yield "nobody outside is admitted to its address by SSH", "admit your network on port 22 (admits)"
    way_out = "have it admit a bastion that can be reached (castra catalogue bastion), on port 22"
    yield "no other machine leads to it", way_out
