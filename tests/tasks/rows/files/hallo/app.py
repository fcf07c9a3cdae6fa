"""Says hallo."""

import os


def handler(event: dict[str, str], context: object) -> dict[str, str]:
    return {"said": f"{os.environ.get('WORD', 'Hallo')}, {event.get('name', 'world')}"}
