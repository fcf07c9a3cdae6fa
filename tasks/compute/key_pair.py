"""Key pairs: public keys for SSH, imported."""

from collections.abc import Iterator, Mapping

from botocore.exceptions import ClientError

from blueprints.key_pairs import KeyPair
from tasks.errors import CastraError, code_of, gone_is_fine
from tasks.kind import Fixed, Found, Kind, State
from tasks.scope import ENVIRONMENT, PART, RETIRED, Scope, as_dict, as_list


class KeyPairState(State):
    """https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-key-pairs.html

    `public_key` is its type and digits, as OpenSSH writes them, without the comment.
    """

    public_key: Fixed[str]


class KeyPairKind(Kind[KeyPair, KeyPairState]):
    """Key pairs: public keys for SSH, imported.

    Its id is its name, which is what launch templates want.
    """

    name = "key-pair"
    actions = (
        "ec2:CreateTags",
        "ec2:DeleteKeyPair",
        "ec2:DeleteTags",
        "ec2:DescribeKeyPairs",
        "ec2:ImportKeyPair",
    )

    def owned(self, scope: Scope) -> Iterator[Found[KeyPairState]]:
        """DescribeKeyPairs, filtered by tag, with the public keys: AWS has no pages of it."""
        for pair in scope.ec2.describe_key_pairs(Filters=scope.filters, IncludePublicKey=True)["KeyPairs"]:
            tags = as_dict(pair.get("Tags"))
            if name := self.named_in(tags):
                # AWS has no public key of some old ones: their fingerprint then tells that it's another.
                told = " ".join(pair.get("PublicKey", "").split()[:2]) or f"fingerprint {pair['KeyFingerprint']}"
                yield Found(self.name, name, pair["KeyName"], KeyPairState(public_key=told), tags)

    def wanted(self, part: KeyPair, ids: Mapping[str, str]) -> KeyPairState:
        """See the base."""
        return KeyPairState(public_key=part.public_key)

    def create(self, scope: Scope, name: str, wanted: KeyPairState) -> str:
        """Its name is unique in the region, so it can't be made twice; one made by a call that got lost is taken."""
        called = scope.name(self.key(name), variant=wanted.foundation)
        try:
            scope.ec2.import_key_pair(
                KeyName=called,
                PublicKeyMaterial=wanted.public_key.encode(),
                TagSpecifications=self.tag_specifications(scope, name, wanted, "key-pair"),
            )
        except ClientError as error:
            if code_of(error) != "InvalidKeyPair.Duplicate":
                raise
            _refuse_others(scope, self.key(name), called)
        return called

    def update(self, scope: Scope, id: str, wanted: KeyPairState, changed: frozenset[str]) -> None:
        """There's nothing to change in place."""

    def delete(self, scope: Scope, id: str) -> None:
        """Instances that were launched with it keep it. AWS says of one that's gone that it was deleted."""
        with gone_is_fine("InvalidKeyPair.NotFound"):
            scope.ec2.delete_key_pair(KeyName=id)

    def tag(self, scope: Scope, id: str, tags: Mapping[str, str], dropped: frozenset[str] = frozenset()) -> None:
        """EC2 tags it by another id than its name."""
        (pair,) = scope.ec2.describe_key_pairs(KeyNames=[id])["KeyPairs"]
        scope.ec2.create_tags(Resources=[pair["KeyPairId"]], Tags=as_list(tags))
        if dropped:
            scope.ec2.delete_tags(Resources=[pair["KeyPairId"]], Tags=[{"Key": key} for key in sorted(dropped)])


def _refuse_others(scope: Scope, key: str, called: str) -> None:
    """Raise CastraError if the pair of this name doesn't carry this part's tags."""
    for pair in scope.ec2.describe_key_pairs(Filters=[{"Name": "key-name", "Values": [called]}])["KeyPairs"]:
        tags = as_dict(pair.get("Tags"))
        if scope.owns(tags) and tags.get(PART) == key and RETIRED not in tags:
            return
    why = f"there is a key pair {called} in {scope.region} already, without this part's tags"
    raise CastraError(
        key, why, f"Delete that, or adopt it by the tags {ENVIRONMENT}={scope.environment} and {PART}={key}"
    )
