"""How harsh the weather is: a profile is a TOML file beside this one."""

import tomllib
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "profiles"


TIMES = frozenset(
    {
        *("instance_running", "instance_checked", "instance_stopped", "instance_terminated"),
        "machine_furnished",
        *("nat_available", "nat_deleted"),
        *("balancer_active", "balancer_gone", "group_deleted", "image_available", "image_copied", "image_registered"),
        *("volume_available", "volume_modified", "volume_rested"),
        "target_checked",
        *("snapshot_completed", "snapshot_copied", "database_available", "database_deleted", "database_modified"),
        *("database_snapshot_available", "database_snapshot_copied"),
        *("cache_available", "cache_modified", "cache_deleted", "cache_snapshot_available"),
        *("endpoint_available", "endpoint_deleted"),
        "distribution_deployed",
        *(
            "function_active",
            "function_updated",
            "queue_name_free",
            "secret_name_free",
            "function_interface_free",
            "function_interface_gone",
        ),
    }
)
RATES = frozenset({"error", "drop", "lose"})
HIDDEN = frozenset({"ec2", "instance_profile", "instance_profile_again", "role"})


@dataclass(frozen=True)
class Profile:
    """`times` are AWS seconds by state change (see `slow.py`), `rates` the share of calls that a fault strikes, from 0
    to 1 (see `faults.py`), `hidden` how many AWS seconds a new thing stays unseen, by kind, from and to."""

    name: str = "calm"
    scale: float = 1.0
    throttle: bool = False
    times: dict[str, float | list[float]] = field(default_factory=dict)
    rates: dict[str, float] = field(default_factory=dict)
    hidden: dict[str, list[float]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        unknown = (self.times.keys() - TIMES) | (self.rates.keys() - RATES) | (self.hidden.keys() - HIDDEN)
        if unknown:
            raise ValueError(f"profile {self.name}: nothing is called {', '.join(sorted(unknown))}")

    def but(self, **changes: Any) -> "Profile":
        """The same with some settings changed; tables are merged."""
        merged = {
            name: {**getattr(self, name), **value} if isinstance(value, dict) else value
            for name, value in changes.items()
        }
        return replace(self, **merged)


def load(name: str) -> Profile:
    """Read `profiles/<name>.toml`."""
    path = FOLDER / f"{name}.toml"
    if not path.exists():
        raise ValueError(
            f"no profile {name}: there are {', '.join(sorted(each.stem for each in FOLDER.glob('*.toml')))}"
        )
    return Profile(name=name, **tomllib.loads(path.read_text()))
