"""The gates of a rotation: what Auto Scaling, the load balancers and a question over HTTP say of each instance."""

import http.client
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from blueprints.rotation import Probe
from tasks.each import each
from tasks.images.rotating import Group, Member
from tasks.images.watching import Reading
from tasks.scope import Scope

FINE = ("healthy", "unavailable")
"""`unavailable`: health checks are off."""
COMING = {"initial", "unused"}
WELL, UNKNOWN = Reading("well"), Reading("waiting", "the load balancer doesn't know it yet")
PORTS = {"http": 80, "https": 443}


@dataclass
class Gates:
    """Reads them for one group. `port` is where its servers listen, if a probe names none."""

    scope: Scope
    probe: Probe | None
    port: int | None
    addresses: dict[str, str] = field(default_factory=dict)

    def read(self, raw: Mapping[str, Any], group: Group, version: int) -> dict[str, Reading]:
        """One reading for each instance that counts. Only those of the new version are asked over HTTP."""
        told = [self._target_group(arn) for arn in raw.get("TargetGroupARNs", [])]
        told += [self._classic(name) for name in raw.get("LoadBalancerNames", [])]
        counted = [member for member in group.members if member.counts]
        readings = {member.id: _worst(member, told) for member in counted}
        asked = [one.id for one in counted if one.version == version and readings[one.id].state == "well"]
        if self.probe and asked:
            readings |= self._probed(self.probe, asked, raw)
        return readings

    # ------------------------------------------------------------------ load balancers

    def _target_group(self, arn: str) -> dict[str, Reading]:
        told = self.scope.elbv2.describe_target_health(TargetGroupArn=arn)["TargetHealthDescriptions"]
        name = arn.split("/")[1] if "/" in arn else arn
        return {one["Target"]["Id"]: _of_target(one["TargetHealth"], name) for one in told}

    def _classic(self, name: str) -> dict[str, Reading]:
        told = self.scope.client("elb").describe_instance_health(LoadBalancerName=name)["InstanceStates"]
        return {
            one["InstanceId"]: WELL
            if one["State"] == "InService"
            else Reading("unwell", f"load balancer {name} says {one['State']} ({one.get('Description', '')})")
            for one in told
        }

    # ------------------------------------------------------------------ over HTTP

    def _probed(self, probe: Probe, ids: list[str], raw: Mapping[str, Any]) -> dict[str, Reading]:
        if probe.through == "balancer":
            answers = [ask(probe, host, probe.port or PORTS[probe.protocol]) for host in self._balancers(raw)]
            bad = next((one for one in answers if one.state != "well"), WELL)
            return dict.fromkeys(ids, bad)
        self._learn(probe, ids)
        port = probe.port or self.port or PORTS[probe.protocol]
        return dict(each(lambda id: self._asked(probe, id, port), ids))

    def _asked(self, probe: Probe, id: str, port: int) -> Reading:
        host = self.addresses.get(id)
        return ask(probe, host, port) if host else Reading("waiting", f"it has no {_KIND[probe.through]} address")

    def _learn(self, probe: Probe, ids: list[str]) -> None:
        """The addresses of those that aren't known yet."""
        new = [id for id in ids if id not in self.addresses]
        if not new:
            return
        filters = [{"Name": "instance-id", "Values": new}]
        key = "PublicIpAddress" if probe.through == "public" else "PrivateIpAddress"
        for reservation in self.scope.pages("ec2", "describe_instances", "Reservations", Filters=filters):
            for instance in reservation["Instances"]:
                if address := instance.get(key):
                    self.addresses[instance["InstanceId"]] = address

    def _balancers(self, raw: Mapping[str, Any]) -> list[str]:
        """DNS names of the load balancers that send to the group; asked once."""
        if not self.addresses:
            arns = list(raw.get("TargetGroupARNs", []))
            groups = self.scope.elbv2.describe_target_groups(TargetGroupArns=arns)["TargetGroups"] if arns else []
            fronts = sorted({arn for one in groups for arn in one.get("LoadBalancerArns", [])})
            if fronts:
                told = self.scope.elbv2.describe_load_balancers(LoadBalancerArns=fronts)["LoadBalancers"]
                self.addresses |= {one["LoadBalancerArn"]: one["DNSName"] for one in told}
            if names := list(raw.get("LoadBalancerNames", [])):
                old = self.scope.client("elb").describe_load_balancers(LoadBalancerNames=names)
                self.addresses |= {one["LoadBalancerName"]: one["DNSName"] for one in old["LoadBalancerDescriptions"]}
        return list(self.addresses.values())


_KIND = {"instance": "private", "public": "public"}


def ask(probe: Probe, host: str, port: int) -> Reading:
    """One question. Redirects aren't followed: their codes are answers too."""
    where = f"{probe.protocol}://{host}:{port}{probe.path}"
    try:
        code = _status(probe, host, port)
    except (OSError, http.client.HTTPException) as error:
        return Reading("unwell", f"{where} doesn't answer ({str(error) or type(error).__name__})")
    return WELL if probe.accepts(code) else Reading("unwell", f"{where} answers {code}, not {probe.codes}")


def _status(probe: Probe, host: str, port: int) -> int:
    if probe.protocol == "https":  # by address: no certificate fits
        unchecked = ssl.create_default_context()
        unchecked.check_hostname, unchecked.verify_mode = False, ssl.CERT_NONE
        connection: http.client.HTTPConnection = http.client.HTTPSConnection(
            host, port, timeout=probe.within, context=unchecked
        )
    else:
        connection = http.client.HTTPConnection(host, port, timeout=probe.within)
    try:
        connection.request("GET", probe.path, headers={"User-Agent": "castra"})
        return connection.getresponse().status
    finally:
        connection.close()


def _of_target(health: Mapping[str, str], group: str) -> Reading:
    state, reason = health["State"], health.get("Reason", "")
    if state in FINE or reason == "Target.NotInUse":  # no listener sends to the group: nothing checks it
        return WELL
    told = f"target group {group} says {state}" + (f" ({reason})" if reason else "")
    return Reading("waiting" if state in COMING else "unwell", told)


def _worst(member: Member, told: list[dict[str, Reading]]) -> Reading:
    """What speaks against it, if anything does."""
    if not member.in_service:
        return Reading("waiting", f"Auto Scaling has it {member.state}")
    if not member.healthy:
        return Reading("unwell", "Auto Scaling found it to be ill")
    readings = [one.get(member.id, UNKNOWN) for one in told]
    amiss = [one for one in readings if one.state != "well"]
    return next((one for one in amiss if one.state == "unwell"), amiss[0] if amiss else WELL)
