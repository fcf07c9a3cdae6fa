"""Words that the functions share."""


def greeting(name: str) -> str:
    """How one is greeted in the camp."""
    return f"Salve, {name}!"
