"""Quotas: moto knows those of VPCs; the others are numbers that an account may have."""

import json
from typing import Any

from tests.physics.answers import Answer, Refused
from tests.physics.hooks import instead
from tests.physics.protocol import Request
from tests.physics.world import World

DEFAULTS = {
    "L-0263D0A3": ("EC2-VPC Elastic IPs", 5),
    "L-1216C47A": ("Running On-Demand Standard (A, C, D, H, I, M, R, T, Z) instances", 32),
    "L-53DA6B97": ("Application Load Balancers per Region", 50),
    "L-69A177A2": ("Network Load Balancers per Region", 50),
    "L-E9E9831D": ("Classic Load Balancers per Region", 20),
    "L-CDE20ADC": ("Auto Scaling groups per region", 500),
    "L-FE5A380F": ("NAT gateways per Availability Zone", 5),
    "L-7B6409FD": ("DB instances", 40),
    "L-272F1212": ("Manual DB instance snapshots", 100),
    "L-48C6BF61": ("DB subnet groups", 50),
    "L-DE55804A": ("Parameter groups", 50),
    "L-DFE45DF3": ("Nodes per Region", 300),
    "L-3E7F7726": ("Subnet groups per Region", 300),
    "L-3F15A733": ("Parameter groups per Region", 300),
}
AT_ONCE = 1000  # executions of functions


@instead("servicequotas:GetServiceQuota")
def only_what_was_asked_for(request: Request, world: World) -> Answer | None:
    """There's none where nobody has asked for another number than AWS gives everybody."""
    if request.text("QuotaCode") not in DEFAULTS:
        return None
    raise Refused("NoSuchResourceException", "The request failed because the specified resource does not exist.")


@instead("servicequotas:GetAWSDefaultServiceQuota")
def given_to_everybody(request: Request, world: World) -> Answer | None:
    code = request.text("QuotaCode")
    if code not in DEFAULTS:
        return None
    name, value = DEFAULTS[code]
    told: dict[str, Any] = {"ServiceCode": request.text("ServiceCode"), "QuotaCode": code, "QuotaName": name}
    body = json.dumps({"Quota": told | {"Value": float(value)}}).encode()
    return Answer(200, [("Content-Type", "application/x-amz-json-1.1")], body)


@instead("lambda:GetAccountSettings")
def executions_at_once(request: Request, world: World) -> Answer:
    """Moto doesn't know it. What functions have to themselves, nobody else has."""
    kept = [one.reserved_concurrency or 0 for one in world.backend(request).list_functions()]
    limits = {"ConcurrentExecutions": AT_ONCE, "UnreservedConcurrentExecutions": AT_ONCE - sum(kept)}
    body = json.dumps({"AccountLimit": limits, "AccountUsage": {"FunctionCount": len(kept)}}).encode()
    return Answer(200, [("Content-Type", "application/json")], body)
