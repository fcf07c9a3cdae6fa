"""Secrets of Secrets Manager and parameters of SSM: the sections that people write, and the parts they unfold into."""

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from blueprints.granting import PARAMETER, SECRET, SECRET_NAME
from blueprints.log_groups import KeyArn, OnRemoval
from blueprints.naming import caches_by_kind
from blueprints.part import Part, Piece
from blueprints.problem import Problem
from blueprints.secret_keys import keys_of, region_of, with_keys

LONGEST_VALUE = 4096  # characters of a standard parameter: https://docs.aws.amazon.com/general/latest/gr/ssm.html
USERNAME = r"^[a-zA-Z0-9_.@-]{1,63}$"


def _one_that_aws_takes(days: int) -> int:
    if 0 < days < 7:
        raise ValueError("should be 7 to 30, or 0 for none")
    return days


Recovery = Annotated[int, Field(ge=0, le=30), AfterValidator(_one_that_aws_takes)]


class Random(Piece):
    """A random value, made where it's raised; a number is its `length`."""

    length: int = Field(default=32, ge=16, le=128, description="Characters.")
    punctuation: bool = Field(
        default=False, description="Whether it has some of ! # $ & ^ - beside letters and digits, which it has anyway."
    )


class Secret(Part):
    """A secret with a random value. No document and no state has the value."""

    kind: ClassVar[str] = "secret"
    random: Random = Random()
    username: str = Field(default="", description="If given, the value is JSON of `username` and `password`.")
    description: str = ""
    kms_key: KeyArn | None = None
    on_removal: OnRemoval = "keep"
    recovery: Recovery = 30


class Parameter(Part):
    """A parameter: a text that everybody may know, or a random one, encrypted (SecureString)."""

    kind: ClassVar[str] = "parameter"
    value: str | None = None
    random: Random | None = None
    on_removal: OnRemoval = "wipe"

    @model_validator(mode="after")
    def _one_of_both(self) -> "Parameter":
        if (self.value is None) == (self.random is None):
            raise ValueError("should have either a value or a random one")
        return self


# ---------------------------------------------------------------------- the sections


class SecretSection(Random):
    """A secret of Secrets Manager: made with a random value that nobody is shown, or one that exists.

    Who may read it says so: functions by `secrets` or `can: [{read: secret/<name>}]`, servers and instances by `can`.
    """

    username: str | None = Field(
        default=None, pattern=USERNAME, description="If given, the value is JSON of `username` and `password`."
    )
    description: str = Field(default="", max_length=2048, description="What it is for, to be read in AWS.")
    existing: Annotated[str, Field(pattern=rf"^{SECRET}$", max_length=2048)] | None = Field(
        default=None, description="ARN of a secret that stands already, and is left as it is, in place of all else."
    )
    kms_key: KeyArn | None = Field(
        default=None,
        description="ARN of the key that encrypts it, which those who read it may then use; AWS's own, if not given. "
        "Of one that exists, the key that it has.",
    )
    on_removal: OnRemoval = Field(
        default="keep",
        description="When nobody wants it any more: it stays, and a later raising takes it on; or it's deleted.",
    )
    recovery: Recovery = Field(
        default=30,
        description="With wipe: days, 7 to 30, in which a later raising restores it with its value; 0: gone at once.",
    )

    @model_validator(mode="after")
    def _left_alone(self) -> "SecretSection":
        plain = SecretSection.model_construct()
        others = type(self).model_fields.keys() - {"existing", "kms_key"}
        said = [one for one in type(self).model_fields if one in others and getattr(self, one) != getattr(plain, one)]
        if self.existing and said:
            raise ValueError(f"is one that exists, and is left as it is: leave out {', '.join(said)}")
        return self

    def problems(self, name: str, region: str) -> Iterator[Problem]:
        """A key of another region than the secret's, in which the document stands unless it exists elsewhere."""
        there = region_of(self.existing) if self.existing else region
        if self.kms_key and region_of(self.kms_key) != there:
            why = f"it is a key of {region_of(self.kms_key)}, and a secret takes one of its own region"
            yield Problem(f"secrets.{name}.kms_key", why, f"Name a key of {there}, or leave it out")

    def parts(self, name: str) -> Iterator[Part]:
        """The secret, if it's to be made."""
        if self.existing is None:
            yield Secret(
                name=name,
                where=f"secrets.{name}",
                random=Random(length=self.length, punctuation=self.punctuation),
                username=self.username or "",
                description=self.description,
                kms_key=self.kms_key,
                on_removal=self.on_removal,
                recovery=self.recovery,
            )


def _length(value: object) -> object:
    return {"length": value} if isinstance(value, int) and not isinstance(value, bool) else value


class ParameterSection(Piece):
    """A parameter of SSM: a text from here, a random one that nobody is shown, or one that exists. A text is `value`.

    Who may read it says so, as with secrets: `parameter/<name>`.
    """

    value: str | None = Field(
        default=None, min_length=1, max_length=LONGEST_VALUE, description="A text that everybody may know."
    )
    random: Annotated[Random | None, BeforeValidator(_length, json_schema_input_type=int | Random | None)] = Field(
        default=None, description="A random value, encrypted (SecureString), or its length."
    )
    existing: Annotated[str, Field(pattern=rf"^({PARAMETER}|ssm:/[a-zA-Z0-9_./-]+)$", max_length=2048)] | None = Field(
        default=None, description="One that stands already, and is left as it is: its ARN, or ssm:/path."
    )
    on_removal: OnRemoval | None = Field(
        default=None,
        description="Of a random one, when nobody wants it any more: keep, if not given, or wipe. A text always goes.",
    )

    @model_validator(mode="after")
    def _one_way(self) -> "ParameterSection":
        if sum(way is not None for way in (self.value, self.random, self.existing)) != 1:
            raise ValueError("should be given by exactly one of value, random, existing")
        if self.on_removal and self.random is None:
            raise ValueError("has an on_removal, which only a random one takes")
        if self.value and re.search(r"\{\{.*\}\}", self.value):
            raise ValueError("has {{…}}, which SSM takes for a reference to another parameter")
        return self

    def problems(self, name: str) -> Iterator[Problem]:
        """What looks like a secret, and stands here for everybody to read."""
        if self.value is not None and SECRET_NAME.search(name):
            why = "it looks like a secret, and everybody who reads the document would know it"
            yield Problem(f"parameters.{name}", why, "Have it made (`random: 32`), or name one that exists")

    def parts(self, name: str) -> Iterator[Part]:
        """The parameter, if it's to be made."""
        if self.existing is None:
            kept: Literal["keep", "wipe"] = (self.on_removal or "keep") if self.random else "wipe"
            where = f"parameters.{name}"
            yield Parameter(name=name, where=where, value=self.value, random=self.random, on_removal=kept)


def _text(value: object) -> object:
    plain = isinstance(value, str | int) and not isinstance(value, bool)
    return {"value": str(value)} if plain else value


SomeParameter = Annotated[ParameterSection, BeforeValidator(_text, json_schema_input_type=str | ParameterSection)]


# ---------------------------------------------------------------------- across sections


def kept_problems(document: Any) -> Iterator[Problem]:
    """What doesn't fit in the sections `secrets` and `parameters`."""
    for name, secret in document.secrets.items():
        yield from secret.problems(name, document.region)
    for name, parameter in document.parameters.items():
        yield from parameter.problems(name)


def resolved(document: Any) -> dict[str, dict[str, Any]]:
    """The sections whose things name others: with ARNs in place of names that stand for what exists already, with
    the kinds of caches, and with keys to decrypt what they read.
    """
    stores = {"secret": document.secrets, "parameter": document.parameters}
    known = {
        f"{kind}/{name}": one.existing for kind, ones in stores.items() for name, one in ones.items() if one.existing
    }
    known |= caches_by_kind(document)
    keys = keys_of(document.secrets)
    if not known and not keys:
        return {}
    readers = ("functions", "servers", "instances")
    return {
        section: {name: with_keys(_with(one, known), keys) for name, one in getattr(document, section).items()}
        for section in readers
    }


def _with(reader: Any, known: Mapping[str, str]) -> Any:
    can = tuple(grant.model_copy(update={"read": known.get(grant.read, grant.read)}) for grant in reader.can)
    names = {key: known.get(one, one) for key, one in reader.names.items()}
    changed: dict[str, Any] = {"can": can, "names": names}
    if hasattr(reader, "secrets"):
        changed["secrets"] = {key: known.get(one, one) for key, one in reader.secrets.items()}
    return reader.model_copy(update=changed)
