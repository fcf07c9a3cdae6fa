"""Certificates of ACM, for names that CloudFront answers to."""

from collections.abc import Iterator, Mapping
from typing import Any
from uuid import uuid4

from blueprints.delivery import Certificate
from tasks.delivery.home import REGION, ours
from tasks.delivery.validation import HOME, records_of, standing, take_away, write
from tasks.each import each
from tasks.errors import CastraError, gone_is_fine
from tasks.kind import Fixed, Found, Kind, Phase, State, Unordered
from tasks.retry import when_released
from tasks.scope import Scope, as_dict, as_list
from tasks.waiting import wait_until

GONE = "ResourceNotFoundException"
WITHIN = 3600.0  # seconds until it's issued; a few minutes as a rule
PHASES: dict[str, Phase] = {"PENDING_VALIDATION": "pending", "ISSUED": "standing"}  # all others are the end


class CertificateState(State):
    """`validated` are those of its domains whose records stand, by which ACM issues it, and renews it each year."""

    domain: Fixed[str]
    domains: Fixed[Unordered[str]]
    validated: Unordered[str]


class CertificateKind(Kind[Certificate, CertificateState]):
    """Certificates of ACM, for names that CloudFront answers to."""

    name = "certificate"
    whole_at_birth = False
    actions = (
        "acm:AddTagsToCertificate",
        "acm:DeleteCertificate",
        "acm:DescribeCertificate",
        "acm:ListCertificates",
        "acm:ListTagsForCertificate",
        "acm:RemoveTagsFromCertificate",
        "acm:RequestCertificate",
        "route53:ChangeResourceRecordSets",
        "route53:ListHostedZones",
        "route53:ListResourceRecordSets",
    )

    def owned(self, scope: Scope) -> Iterator[Found[CertificateState]]:
        """ListCertificates in us-east-1, a call for the tags of each, and for ours one more, and one a domain."""
        acm = scope.client("acm", region=HOME)
        all_of_them = list(scope.pages("acm", "list_certificates", "CertificateSummaryList", region=HOME))
        arns = [one["CertificateArn"] for one in all_of_them if one.get("Type", "") != "IMPORTED"]
        for arn, tags in each(lambda arn: _tags(acm, arn), arns):
            name = self.named_in(tags) if ours(scope, tags) else None
            if name and (one := _described(acm, arn)):
                state = CertificateState(
                    domain=one["DomainName"],
                    domains=one.get("SubjectAlternativeNames") or (one["DomainName"],),
                    validated=standing(scope, records_of(one)),
                )
                yield Found(self.name, name, arn, state, tags, PHASES.get(one["Status"], "failed"))

    def wanted(self, part: Certificate, ids: Mapping[str, str]) -> CertificateState:
        """See the base."""
        return CertificateState(domain=part.domain, domains=part.domains, validated=part.domains)

    def create(self, scope: Scope, name: str, wanted: CertificateState) -> str:
        """A request that botocore repeats makes no second one. The records follow as soon as ACM says which."""
        others = [domain for domain in wanted.domains if domain != wanted.domain]
        made = scope.client("acm", region=HOME).request_certificate(
            DomainName=wanted.domain,
            **({"SubjectAlternativeNames": others} if others else {}),
            ValidationMethod="DNS",
            IdempotencyToken=uuid4().hex,
            Tags=as_list({**self.birth_tags(scope, name, wanted), REGION: scope.region}),
        )
        arn = str(made["CertificateArn"])
        self.update(scope, arn, wanted, frozenset({"validated"}))
        return arn

    def ready(self, scope: Scope, id: str) -> None:
        """Until it's issued. Raises CastraError with ACM's reason where it never will be."""
        acm, what = scope.client("acm", region=HOME), f"certificate {id}"

        def issued() -> bool:
            one = _described(acm, id)
            if one.get("Status") not in PHASES:
                reason = one.get("FailureReason") or one.get("Status") or "it is gone"
                raise CastraError(what, f"it won't be issued: {reason}", "Check its domains; the next raise asks anew")
            return bool(one["Status"] == "ISSUED")

        why = "ACM hasn't seen its records: perhaps the domain's registrar doesn't name the servers of its zone"
        wait_until(scope, issued, what, WITHIN, lambda: why)

    def update(self, scope: Scope, id: str, wanted: CertificateState, changed: frozenset[str]) -> None:
        """The records by which it's validated, one change a zone. ACM needs some seconds to say which they are."""
        acm, found = scope.client("acm", region=HOME), {}

        def told() -> bool:
            found.update(records_of(_described(acm, id)))
            return set(found) >= set(wanted.domains)

        wait_until(scope, told, f"certificate {id}", 120, lambda: "ACM doesn't say how it's to be validated")
        write(scope, found)

    def delete(self, scope: Scope, id: str) -> None:
        """Its records first, but for those that another certificate needs; then it, once no distribution has it."""
        acm = scope.client("acm", region=HOME)
        with gone_is_fine(GONE):
            if one := _described(acm, id):
                take_away(scope, id, records_of(one))
                when_released("distributions to let go of it", acm.delete_certificate, CertificateArn=id)

    def tag(self, scope: Scope, id: str, tags: Mapping[str, str], dropped: frozenset[str] = frozenset()) -> None:
        """ACM's way."""
        acm = scope.client("acm", region=HOME)
        acm.add_tags_to_certificate(CertificateArn=id, Tags=as_list(tags))
        if dropped:
            acm.remove_tags_from_certificate(CertificateArn=id, Tags=[{"Key": key} for key in sorted(dropped)])


def _tags(acm: Any, arn: str) -> dict[str, str]:
    with gone_is_fine(GONE):
        told = acm.list_tags_for_certificate(CertificateArn=arn)["Tags"]
        return as_dict([{"Value": "", **tag} for tag in told])
    return {}


def _described(acm: Any, arn: str) -> dict[str, Any]:
    """All that ACM tells of it; nothing if it's gone."""
    with gone_is_fine(GONE):
        return dict(acm.describe_certificate(CertificateArn=arn)["Certificate"])
    return {}
