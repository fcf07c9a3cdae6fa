"""DNS records: a domain of one's own that leads to a distribution."""

from collections.abc import Iterator, Mapping
from typing import Any

from botocore.exceptions import ClientError

from blueprints.delivery import DnsRecord
from tasks.delivery.home import listed, read, said
from tasks.delivery.zones import CLOUDFRONT, change, public_zones, record_at, records_from
from tasks.each import each
from tasks.errors import CastraError, code_of, gone_is_fine
from tasks.kind import Fixed, Found, Kind, State
from tasks.scope import ENVIRONMENT, PART, Scope

MARKS = "_castra"  # below this name, a zone keeps whose its records are
LONGEST = 63  # characters of a label
TYPES = {"ipv4": "A", "ipv6": "AAAA"}
SECONDS = 300  # that a mark is kept by who asks for it
GONE = "NoSuchHostedZone"


class DnsRecordState(State):
    """Where the domain leads, by each of the two protocols: a distribution's ARN, or what somebody wrote by hand."""

    zone: Fixed[str]
    domain: Fixed[str]
    ipv4: str
    ipv6: str


class DnsRecordKind(Kind[DnsRecord, DnsRecordState]):
    """DNS records: a domain of one's own that leads to a distribution.

    AWS doesn't tag them. A TXT record below `_castra` in the same zone, made and deleted in the same call, says whose a
    record is: its mark. An id is zone, mark and domain.
    """

    name = "dns-record"
    taggable = False
    goes_first = True  # a domain has one
    actions = (
        "cloudfront:GetDistribution",
        "cloudfront:ListDistributions",
        "route53:ChangeResourceRecordSets",
        "route53:ListHostedZones",
        "route53:ListResourceRecordSets",
    )

    def owned(self, scope: Scope) -> Iterator[Found[DnsRecordState]]:
        """A call for the marks in each public zone of the account, and two for each record of ours."""
        zones = public_zones(scope)
        for zone, marks in each(lambda zone: list(_marks(scope, zone, zones[zone])), zones):
            for environment, name, mark, domain in marks:
                leads = {field: _leads(scope, zones[zone], domain, type) for field, type in TYPES.items()}
                state = DnsRecordState(zone=zones[zone], domain=domain, **leads)
                tags = {ENVIRONMENT: environment, PART: self.key(name)}
                id = f"{zones[zone]}/{mark}/{domain}"
                yield Found(self.name, name, id, state, tags, outputs={"url": f"https://{domain}"})

    def wanted(self, part: DnsRecord, ids: Mapping[str, str]) -> DnsRecordState:
        """See the base."""
        target = ids[part.target]
        return DnsRecordState(zone=ids[part.zone], domain=part.domain, ipv4=target, ipv6=target)

    def create(self, scope: Scope, name: str, wanted: DnsRecordState) -> str:
        """All in one call, with the mark. Raises CastraError where the domain leads somewhere already."""
        zones = {id: zone for zone, id in public_zones(scope).items()}
        mark = f"{scope.name(name, LONGEST, everywhere=True)}.{MARKS}.{zones[wanted.zone]}"
        text = {"Value": f'"{said(scope, self.key(name))}" "{wanted.domain}"'}
        record = {"Name": f"{mark}.", "Type": "TXT", "TTL": SECONDS, "ResourceRecords": [text]}
        try:
            change(scope, wanted.zone, [("UPSERT", record), *(("CREATE", one) for one in _aliases(scope, wanted))])
        except ClientError as error:
            if code_of(error) != "InvalidChangeBatch" or "already exists" not in str(error):
                raise
            why = f"{wanted.domain} leads somewhere already, and the record isn't this environment's"
            way_out = f"Delete its records A and AAAA; or hand them over by a TXT record {mark} with {text['Value']}"
            raise CastraError(self.key(name), why, way_out) from error
        return f"{wanted.zone}/{mark}/{wanted.domain}"

    def update(self, scope: Scope, id: str, wanted: DnsRecordState, changed: frozenset[str]) -> None:
        """Both records, in one call."""
        change(scope, wanted.zone, [("UPSERT", one) for one in _aliases(scope, wanted)])

    def delete(self, scope: Scope, id: str) -> None:
        """In one call. What somebody has made lead elsewhere than to CloudFront stays, without the mark."""
        zone, mark, domain = id.split("/")
        with gone_is_fine(GONE):
            records = [record_at(scope, zone, mark, "TXT")]
            found = [record_at(scope, zone, domain, type) for type in TYPES.values()]
            records += [one for one in found if one and one.get("AliasTarget", {}).get("HostedZoneId") == CLOUDFRONT]
            change(scope, zone, [("DELETE", one) for one in records if one])


def _marks(scope: Scope, zone: str, id: str) -> Iterator[tuple[str, str, str, str]]:
    """Environment, part's name, mark and domain, for each of the environment's records in a zone."""
    for record in records_from(scope, id, f"{MARKS}.{zone}"):
        if not record["Name"].endswith(f"{MARKS}.{zone}"):
            return
        for value in record.get("ResourceRecords", ()):
            whose, _, domain = value["Value"].strip('"').partition('" "')
            home = read(scope, whose)
            if home and home.part.startswith(f"{DnsRecordKind.name}/"):
                yield home.environment, home.part.partition("/")[2], record["Name"], domain


def _leads(scope: Scope, zone: str, domain: str, type: str) -> str:
    """Where a record leads: the ARN of a distribution of the account, or else what stands in it; empty for none."""
    record = record_at(scope, zone, domain, type)
    if record is None:
        return ""
    if "AliasTarget" not in record:
        return ", ".join(sorted(one["Value"] for one in record.get("ResourceRecords", ())))
    target = record["AliasTarget"]["DNSName"].rstrip(".")
    homes = {one["DomainName"]: one["ARN"] for one in listed(scope, "list_distributions", "DistributionList")}
    return str(homes.get(target, target))


def _aliases(scope: Scope, wanted: DnsRecordState) -> list[dict[str, Any]]:
    """Both records. They cost nothing to ask, as aliases to CloudFront do."""
    number = wanted.ipv4.rpartition("/")[2]
    to = scope.client("cloudfront").get_distribution(Id=number)["Distribution"]["DomainName"]
    target = {"HostedZoneId": CLOUDFRONT, "DNSName": f"{to}.", "EvaluateTargetHealth": False}
    return [{"Name": f"{wanted.domain}.", "Type": type, "AliasTarget": target} for type in TYPES.values()]
