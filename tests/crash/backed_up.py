"""One thing that stands, and a yearly policy that backs it up."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

from tests.crash.stage import Stage


@dataclass(frozen=True)
class Main:
    """The entry `main` of a section, in a network of two zones."""

    section: str
    entry: Mapping[str, object]

    def raised(self, stage: Stage, folder: Path, **policy: object) -> Path:
        """Its blueprint, which stands."""
        yearly = {self.section: ["main"], "when": {"cron": "0 0 1 1 *"}, "keep": {"daily": 9999}} | policy
        document: dict[str, object] = {"name": "crash", "region": "eu-west-1", "network": {"cidr": "10.20.0.0/16"}}
        document |= {self.section: {"main": {**self.entry, "on_removal": "wipe"}}, "backups": {"yearly": yearly}}
        file = folder / "blueprint.yaml"
        file.write_text(yaml.safe_dump(document))
        ended = stage.castra("up", str(file), "--yes")
        assert ended.code == 0, ended.output
        return file

    def backed_up(self, stage: Stage, folder: Path, **policy: object) -> Path:
        """The same, with a backup."""
        file = self.raised(stage, folder, **policy)
        ended = stage.castra("back-up", str(file), "--label", "before", "--yes")
        assert ended.code == 0, ended.output
        return file
