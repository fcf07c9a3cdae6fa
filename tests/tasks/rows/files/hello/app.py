"""Says hello."""

import os


def handler(event: dict[str, str], context: object) -> dict[str, str]:
    return {"said": f"{os.environ.get('WORD', 'Hello')}, {event.get('name', 'world')}"}
