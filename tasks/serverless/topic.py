"""Topics of SNS, with who is told by mail."""

from collections.abc import Iterator, Mapping
from typing import Any

from blueprints.topics import ITSELF, Topic
from tasks.each import each
from tasks.errors import CastraError, gone_is_fine
from tasks.identity import policy
from tasks.kind import Found, Kind, State, Unordered
from tasks.scope import ENVIRONMENT, PART, Scope, as_dict, as_list

GONE = ("NotFound", "NotFoundException", "ResourceNotFound", "ResourceNotFoundException")
UNCONFIRMED = "PendingConfirmation"  # in place of a subscription's ARN; nobody can end it then, but time
ATTRIBUTES = {"title": "DisplayName", "encryption_key": "KmsMasterKeyId", "policy": "Policy"}


class TopicState(State):
    """`{topic}` is its own ARN in the policy. https://docs.aws.amazon.com/sns/latest/api/API_SetTopicAttributes.html"""

    title: str
    encryption_key: str | None
    policy: str
    emails: Unordered[str]


class TopicKind(Kind[Topic, TopicState]):
    """Topics of SNS, with those whom they tell by mail; the ARN is the id."""

    name = "topic"
    goes_first = True  # AWS keeps one of a name
    whole_at_birth = False
    actions = (
        "sns:CreateTopic",
        "sns:DeleteTopic",
        "sns:GetTopicAttributes",
        "sns:ListSubscriptionsByTopic",
        "sns:ListTagsForResource",
        "sns:ListTopics",
        "sns:SetTopicAttributes",
        "sns:Subscribe",
        "sns:TagResource",
        "sns:Unsubscribe",
        "sns:UntagResource",
        "sts:GetCallerIdentity",
    )

    def owned(self, scope: Scope) -> Iterator[Found[TopicState]]:
        """ListTopics, which knows no filter, and three calls for each that is named as this environment's are."""
        start = f"{scope.environment}--" if scope.environment else ""
        arns = [str(topic["TopicArn"]) for topic in scope.pages("sns", "list_topics", "Topics")]
        ours = [arn for arn in arns if _name(arn).startswith(start) and "--" in _name(arn)]
        for arn, read in each(lambda arn: _read(scope, arn), ours):
            if read and (name := self.named_in(read[1])) and scope.owns(read[1]):
                yield Found(self.name, name, arn, *read)

    def wanted(self, part: Topic, ids: Mapping[str, str]) -> TopicState:
        """See the base."""
        document = policy.canonical(part.policy).replace("{account}", ids[part.account])
        return TopicState(
            title=part.title, encryption_key=part.encryption_key, policy=document, emails=tuple(part.emails)
        )

    def create(self, scope: Scope, name: str, wanted: TopicState) -> str:
        """CreateTopic answers with a topic of this name that there is, whoever's it is: look first."""
        arn = f"arn:{scope.client('sns').meta.partition}:sns:{scope.region}:{scope.account}:{scope.name(name)}"
        if (there := _read(scope, arn)) is None:
            given = _attributes(arn, wanted, frozenset(ATTRIBUTES))
            tags = as_list(self.birth_tags(scope, name, wanted))
            scope.client("sns").create_topic(
                Name=_name(arn), Attributes={key: value for key, value in given.items() if value}, Tags=tags
            )
        elif not (scope.owns(there[1]) and self.named_in(there[1]) == name):
            why = f"there is a topic {_name(arn)} that doesn't carry its tags"
            ours = f"{ENVIRONMENT}={scope.environment} and {PART}={self.key(name)}"
            raise CastraError(self.key(name), why, f"Delete it, or tag it with {ours}")
        changed = frozenset({"emails"}) if there is None else frozenset(TopicState.model_fields)
        self.update(scope, arn, wanted, changed)
        return arn

    def update(self, scope: Scope, id: str, wanted: TopicState, changed: frozenset[str]) -> None:
        """A call for each attribute, and for each address that comes or goes. Who never consented can't be taken off:
        SNS forgets them after 48 hours. https://docs.aws.amazon.com/sns/latest/dg/sns-email-notifications.html
        """
        sns = scope.client("sns")
        for key, value in _attributes(id, wanted, changed & ATTRIBUTES.keys()).items():
            sns.set_topic_attributes(TopicArn=id, AttributeName=key, AttributeValue=value)
        if "emails" in changed:
            told = _subscriptions(scope, id)
            for address in sorted(set(wanted.emails) - told.keys()):
                sns.subscribe(TopicArn=id, Protocol="email", Endpoint=address)
            for address in sorted(told.keys() - set(wanted.emails)):
                if told[address] != UNCONFIRMED:
                    sns.unsubscribe(SubscriptionArn=told[address])

    def delete(self, scope: Scope, id: str) -> None:
        """With all subscriptions."""
        with gone_is_fine(*GONE):
            scope.client("sns").delete_topic(TopicArn=id)

    def tag(self, scope: Scope, id: str, tags: Mapping[str, str], dropped: frozenset[str] = frozenset()) -> None:
        """SNS's way."""
        scope.client("sns").tag_resource(ResourceArn=id, Tags=as_list(tags))
        if dropped:
            scope.client("sns").untag_resource(ResourceArn=id, TagKeys=sorted(dropped))


def _name(arn: str) -> str:
    return arn.rpartition(":")[2]


def _read(scope: Scope, arn: str) -> tuple[TopicState, dict[str, str]] | None:
    """None, if it isn't there, or has gone since it was listed."""
    sns = scope.client("sns")
    with gone_is_fine(*GONE):
        told = sns.get_topic_attributes(TopicArn=arn)["Attributes"]
        state = TopicState(
            title=told.get("DisplayName", ""),
            encryption_key=told.get("KmsMasterKeyId") or None,
            policy=policy.canonical(told.get("Policy") or "{}").replace(arn, ITSELF),
            emails=tuple(_subscriptions(scope, arn)),
        )
        return state, as_dict(sns.list_tags_for_resource(ResourceArn=arn)["Tags"])
    return None


def _subscriptions(scope: Scope, arn: str) -> dict[str, str]:
    """The subscriptions by mail: their ARNs by address."""
    pages: Any = scope.pages("sns", "list_subscriptions_by_topic", "Subscriptions", TopicArn=arn)
    return {one["Endpoint"]: one["SubscriptionArn"] for one in pages if one["Protocol"] == "email"}


def _attributes(arn: str, wanted: TopicState, fields: frozenset[str]) -> dict[str, str]:
    """These fields, as SNS takes them; empty takes away."""
    values = {field: getattr(wanted, field) or "" for field in sorted(fields)}
    return {ATTRIBUTES[field]: value.replace(ITSELF, arn) for field, value in values.items()}
