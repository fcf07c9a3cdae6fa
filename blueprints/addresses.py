"""Addresses of functions: HTTPS URLs that call them without an API in between."""

from collections.abc import Iterator
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from blueprints.part import Part, Piece
from blueprints.triggers import FunctionId, Permission

Method = Literal["GET", "PUT", "HEAD", "POST", "PATCH", "DELETE", "*"]
Origin = Annotated[str, Field(pattern=r"^(\*|https?://\S+)$", max_length=253)]


class CrossOrigin(Piece):
    """Which pages of other origins may call it from a browser."""

    origins: tuple[Origin, ...] = Field(min_length=1, description="Such as https://example.com, or * for all.")
    methods: tuple[Method, ...] = Field(default=("GET",), min_length=1, description="How they may call it.")
    headers: tuple[str, ...] = Field(default=(), description="Headers that they may send.")
    max_age: int = Field(default=0, ge=0, le=86_400, description="Seconds that a browser remembers this.")


class FunctionUrl(Part):
    """An address of a function's alias. `open`: whether anybody may call it; else those whom IAM lets."""

    kind: ClassVar[str] = "function-url"
    function: FunctionId
    open: bool = False
    cors: CrossOrigin | None = None


# ---------------------------------------------------------------------- the section


class Address(Piece):
    """An address of its own, at lambda-url.on.aws."""

    auth: Literal["iam", "none"] = Field(
        default="iam", description="Who may call it: whom IAM lets, by a signed request, or anybody."
    )
    cors: CrossOrigin | None = Field(default=None, description="Pages of other origins that may call it; none.")

    def parts(self, name: str, where: str) -> Iterator[Part]:
        """The address; where anybody may call it, both permissions that AWS wants for that.

        https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html
        """
        function, anybody = f"function/{name}", self.auth == "none"
        yield FunctionUrl(name=name, where=where, function=function, open=anybody, cors=self.cors)
        if anybody:
            common = {"where": where, "function": function, "principal": "*", "by_address": True}
            yield Permission(name=f"{name}-address", action="lambda:InvokeFunctionUrl", **common)
            yield Permission(name=f"{name}-by-address", action="lambda:InvokeFunction", **common)
