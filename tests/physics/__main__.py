"""`python -m tests.physics`: the emulator as a process of its own. Prints its address, ends with SIGTERM or stdin."""

import argparse
import os
import signal
import threading

from tests.physics.physics import Physics


def wait_for_end(over: threading.Event) -> None:
    """Read stdin to its end. Not through `sys.stdin`, whose lock would be held when the process ends."""
    while os.read(0, 4096):
        pass
    over.set()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.physics", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0: any that's free")
    parser.add_argument("--profile", default="calm", help="calm, office or storm")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--region", default="us-east-1")
    parser.add_argument("--until-stdin-closes", action="store_true", help="end when stdin does")
    parser.add_argument("--until-parent-dies", action="store_true", help="end when the starting process does")
    asked = parser.parse_args()
    over = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: over.set())
    if asked.until_stdin_closes:
        threading.Thread(target=wait_for_end, args=(over,), daemon=True).start()
    parent = os.getppid()
    with Physics(asked.profile, asked.seed, asked.port, asked.region) as aws:
        print(aws.url, flush=True)
        while not over.wait(0.5):
            if asked.until_parent_dies and os.getppid() != parent:
                return


if __name__ == "__main__":
    main()
