"""What is particular to elastic IP addresses."""

import pytest
from botocore.exceptions import ConnectionClosedError

from tasks.registry import KINDS
from tasks.scope import Scope
from tasks.survey import look
from tests.conductor import look_and_plan, raise_all
from tests.physics import Physics
from tests.tasks.rows.network import ADDRESS, GATEWAY, NAT, SUBNET, VPC


def test_its_public_address_is_told(strict: Scope) -> None:
    raise_all(strict, (ADDRESS,))
    (address,) = strict.ec2.describe_addresses(Filters=strict.filters)["Addresses"]
    assert look_and_plan(strict, (ADDRESS,)).outputs == {"address/nat.public_ip": address["PublicIp"]}


def test_a_lost_answer_allocates_no_second_one(physics: Physics, strict: Scope) -> None:
    physics.rule("AllocateAddress", "lose-answer", nth=1)
    with pytest.raises(ConnectionClosedError):
        raise_all(strict, (ADDRESS,))
    assert raise_all(strict, (ADDRESS,)).settled
    assert len(strict.ec2.describe_addresses(Filters=strict.filters)["Addresses"]) == 1


def test_it_is_kept_while_what_uses_it_is_replaced(strict: Scope) -> None:
    parts = (VPC, SUBNET, GATEWAY, ADDRESS, NAT)
    raise_all(strict, parts)
    raise_all(strict, (VPC, SUBNET, GATEWAY, ADDRESS))
    (address,) = strict.ec2.describe_addresses(Filters=strict.filters)["Addresses"]
    raise_all(strict, parts)
    (gateway,) = look(strict, KINDS[NAT.kind], NAT.name)
    assert gateway.outputs == {"public_ip": address["PublicIp"]}
