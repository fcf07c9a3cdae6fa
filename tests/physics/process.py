"""The emulator in a process of its own, as other processes under test meet it."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]


@contextmanager
def emulator(profile: str = "calm", seed: int = 1) -> Iterator[str]:
    """An emulated AWS on a free port of this machine, until the end of the block; its URL."""
    words = ["--profile", profile, "--seed", str(seed), "--until-parent-dies"]
    command = [sys.executable, "-m", "tests.physics", *words]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline().strip()
        finally:
            process.terminate()
            process.wait()  # Popen's own end waits a moment only, if it's Ctrl-C that ends the block


def client_settings(url: str, region: str = "eu-west-1") -> dict[str, str]:
    """The environment variables that make every client speak to an emulator, and to nothing else."""
    return {
        "AWS_ENDPOINT_URL": url,
        "AWS_ACCESS_KEY_ID": "emulated",
        "AWS_SECRET_ACCESS_KEY": "emulated",
        "AWS_REGION": region,
        "AWS_EC2_METADATA_DISABLED": "true",
    }
