"""Random values of secrets: made here, sent to AWS, and never told."""

import json
import secrets
import string

PUNCTUATION = "!#$&^-"  # what ElastiCache, RDS and most programs take in a password


def random_text(length: int, punctuation: bool) -> str:
    """A text of so many characters, with small and capital letters and digits, and punctuation if that's wanted."""
    classes = [string.ascii_lowercase, string.ascii_uppercase, string.digits, *([PUNCTUATION] if punctuation else [])]
    alphabet = "".join(classes)
    while True:
        text = "".join(secrets.choice(alphabet) for _ in range(length))
        if all(any(one in each for one in text) for each in classes):
            return text


def random_secret(length: int, punctuation: bool, username: str) -> str:
    """The same; with a user's name, as JSON of both, in the words that AWS's own rotation reads."""
    text = random_text(length, punctuation)
    return json.dumps({"username": username, "password": text}) if username else text
