"""Origin access controls: who a distribution is at its origin."""

from collections.abc import Iterator, Mapping
from typing import Any

from blueprints.delivery import OriginAccessControl
from tasks.delivery.home import listed, read, said
from tasks.errors import gone_is_fine
from tasks.kind import Found, Kind, State
from tasks.retry import when_released
from tasks.scope import ENVIRONMENT, PART, Scope

LONGEST = 64  # characters of a name
GONE = "NoSuchOriginAccessControl"


class OriginAccessControlState(State):
    """https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_OriginAccessControlConfig.html"""

    signing: str
    protocol: str
    origin: str


class OriginAccessControlKind(Kind[OriginAccessControl, OriginAccessControlState]):
    """Origin access controls: who a distribution is at its origin.

    AWS doesn't tag them: whose they are stands in their description, and their names are derived.
    """

    name = "origin-access-control"
    taggable = False
    goes_first = True  # AWS keeps one of a name
    actions = (
        "cloudfront:CreateOriginAccessControl",
        "cloudfront:DeleteOriginAccessControl",
        "cloudfront:GetOriginAccessControl",
        "cloudfront:ListOriginAccessControls",
        "cloudfront:UpdateOriginAccessControl",
    )

    def owned(self, scope: Scope) -> Iterator[Found[OriginAccessControlState]]:
        """ListOriginAccessControls tells all of them."""
        for one in listed(scope, "list_origin_access_controls", "OriginAccessControlList"):
            home = read(scope, one.get("Description", ""))
            if home and (name := self.named_in({PART: home.part})):
                state = OriginAccessControlState(
                    signing=one["SigningBehavior"],
                    protocol=one["SigningProtocol"],
                    origin=one["OriginAccessControlOriginType"],
                )
                yield Found(self.name, name, one["Id"], state, {ENVIRONMENT: home.environment, PART: home.part})

    def wanted(self, part: OriginAccessControl, ids: Mapping[str, str]) -> OriginAccessControlState:
        """See the base. It is for buckets, and AWS has one way of signing."""
        return OriginAccessControlState(signing=part.signing, protocol="sigv4", origin="s3")

    def create(self, scope: Scope, name: str, wanted: OriginAccessControlState) -> str:
        """Its name is its own: AWS refuses a second one."""
        config = _config(scope.name(name, LONGEST, everywhere=True), said(scope, self.key(name)), wanted)
        made = scope.client("cloudfront").create_origin_access_control(OriginAccessControlConfig=config)
        return str(made["OriginAccessControl"]["Id"])

    def update(self, scope: Scope, id: str, wanted: OriginAccessControlState, changed: frozenset[str]) -> None:
        """All of it at once, by the version that was read just before."""
        now = scope.client("cloudfront").get_origin_access_control(Id=id)
        before = now["OriginAccessControl"]["OriginAccessControlConfig"]
        config = _config(before["Name"], before["Description"], wanted)
        update = scope.client("cloudfront").update_origin_access_control
        update(Id=id, IfMatch=now["ETag"], OriginAccessControlConfig=config)

    def delete(self, scope: Scope, id: str) -> None:
        """Waits until no distribution has it any longer."""
        with gone_is_fine(GONE):
            version = scope.client("cloudfront").get_origin_access_control(Id=id)["ETag"]
            what = f"distributions to let go of origin access control {id}"
            when_released(what, scope.client("cloudfront").delete_origin_access_control, Id=id, IfMatch=version)


def _config(name: str, description: str, wanted: OriginAccessControlState) -> dict[str, Any]:
    return {
        "Name": name,
        "Description": description,
        "SigningBehavior": wanted.signing,
        "SigningProtocol": wanted.protocol,
        "OriginAccessControlOriginType": wanted.origin,
    }
