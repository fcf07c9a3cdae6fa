"""Elastic IP addresses."""

from collections.abc import Iterator, Mapping

from blueprints.gateways import Address
from tasks.errors import gone_is_fine
from tasks.kind import Found, Kind, State
from tasks.retry import when_released
from tasks.scope import Scope, as_dict


class AddressState(State):
    """https://docs.aws.amazon.com/vpc/latest/userguide/vpc-eips.html

    Nothing can be asked for, and whom it belongs to is told by that one.
    """


class AddressKind(Kind[Address, AddressState]):
    """Elastic IP addresses."""

    name = "address"
    holds = "the address that others may know"
    actions = (
        "ec2:AllocateAddress",
        "ec2:CreateTags",
        "ec2:DeleteTags",
        "ec2:DescribeAddresses",
        "ec2:ReleaseAddress",
    )

    def owned(self, scope: Scope) -> Iterator[Found[AddressState]]:
        """DescribeAddresses, filtered by tag. It has no pages: 5 addresses a region are AWS's default limit."""
        for address in scope.ec2.describe_addresses(Filters=scope.filters)["Addresses"]:
            tags = as_dict(address.get("Tags"))
            if name := self.named_in(tags):
                outputs = {"public_ip": address["PublicIp"]}
                yield Found(self.name, name, address["AllocationId"], AddressState(), tags, outputs=outputs)

    def wanted(self, part: Address, ids: Mapping[str, str]) -> AddressState:
        """See the base."""
        return AddressState()

    def create(self, scope: Scope, name: str, wanted: AddressState) -> str:
        """AllocateAddress has no ClientToken: sent once."""
        tags = self.tag_specifications(scope, name, wanted, "elastic-ip")
        return str(scope.ec2_once.allocate_address(Domain="vpc", TagSpecifications=tags)["AllocationId"])

    def update(self, scope: Scope, id: str, wanted: AddressState, changed: frozenset[str]) -> None:
        """There's nothing to change."""

    def delete(self, scope: Scope, id: str) -> None:
        """Waits until what uses it has let it go."""
        with gone_is_fine("InvalidAllocationID.NotFound"):
            when_released(f"address {id} to be let go", scope.ec2.release_address, AllocationId=id)
