"""Passwords of users for AWS's console: made here, kept in Secrets Manager, and changed at the first sign-in."""

import json
from collections.abc import Iterator, Mapping
from typing import Any
from uuid import uuid4

from botocore.exceptions import ClientError

from blueprints.people import LoginProfile
from tasks.data.random_value import random_text
from tasks.each import each
from tasks.errors import CastraError, code_of, gone_is_fine
from tasks.identity.home import name_of
from tasks.identity.keeping import (
    KEEPING,
    LOGIN_OF,
    MAKING,
    Kept,
    described,
    drop,
    kept_under,
    named,
    retag,
    secret_for,
)
from tasks.kind import Fixed, Found, Kind, State
from tasks.retry import when_visible
from tasks.scope import Scope

HOLDS = "castra:login"  # on the secret: the ARN of the user whose first password it has; `making` before
GENERATION = "castra:login-generation"
FOLDER = "passwords"
LENGTH = 40  # of 128 that IAM takes
SIGN_IN = {"aws": "aws.amazon.com", "aws-cn": "amazonaws.cn", "aws-us-gov": "amazonaws-us-gov.com"}
"""Where people sign in, by partition. https://docs.aws.amazon.com/IAM/latest/UserGuide/id_users_sign-in.html"""


class LoginProfileState(State):
    """Whether the password was changed since isn't told: that is how it should be.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateLoginProfile.html
    """

    user: Fixed[str]
    generation: Fixed[int]


class LoginProfileKind(Kind[LoginProfile, LoginProfileState]):
    """Passwords of users for AWS's console, kept in Secrets Manager until they're changed.

    The secret `castra/<environment>/passwords/<name>` is made first, and only for a user who has no password yet. A
    password that is there while the secret still says `making` is ours: it's set once more. The id is the secret's ARN.
    """

    name = "login-profile"
    goes_first = True  # AWS keeps one for each user
    whole_at_birth = False
    actions = (
        "iam:CreateLoginProfile",
        "iam:DeleteLoginProfile",
        "iam:GetLoginProfile",
        "iam:UpdateLoginProfile",
        *KEEPING,
    )

    def owned(self, scope: Scope) -> Iterator[Found[LoginProfileState]]:
        """ListSecrets by tag, and a call a user for its login profile, which AWS has no listing of."""
        for kept, stands in each(lambda one: _stands(scope, name_of(_user(one))), kept_under(scope, LOGIN_OF)):
            if name := self.named_in(kept.tags):
                whole = stands and kept.tags.get(HOLDS) == _user(kept)
                state = LoginProfileState(user=_user(kept), generation=int(kept.tags.get(GENERATION, "1")))
                phase: Any = "standing" if whole else "failed"
                outputs = {"secret": kept.name, "sign_in": sign_in(_user(kept))} if whole else {}
                yield Found(self.name, name, kept.arn, state, kept.tags, phase, outputs)

    def wanted(self, part: LoginProfile, ids: Mapping[str, str]) -> LoginProfileState:
        """See the base."""
        return LoginProfileState(user=ids[part.user], generation=part.generation)

    def create(self, scope: Scope, name: str, wanted: LoginProfileState) -> str:
        """The secret, a password into it, the same to IAM, and the tag that says so: in this order."""
        user = name_of(wanted.user)
        there = self._secret_for(scope, name, wanted)
        if there.tags.get(HOLDS) == wanted.user and _stands(scope, user):  # it's whole, and only wasn't listed yet
            return there.arn
        password = random_text(LENGTH, punctuation=True)
        value = {"user": user, "password": password, "sign_in": sign_in(wanted.user)}
        client = scope.client("secretsmanager")
        client.put_secret_value(SecretId=there.arn, SecretString=json.dumps(value), ClientRequestToken=str(uuid4()))
        _set(scope, user, password)
        retag(scope, there.arn, {HOLDS: wanted.user})
        return there.arn

    def update(self, scope: Scope, id: str, wanted: LoginProfileState, changed: frozenset[str]) -> None:
        """There's nothing to change in place."""

    def delete(self, scope: Scope, id: str) -> None:
        """The password first, so that nobody can sign in any more; then the secret, for good."""
        if kept := described(scope, id):
            with gone_is_fine("NoSuchEntity"):
                scope.iam.delete_login_profile(UserName=name_of(_user(kept)))
            drop(scope, kept.arn)

    def tag(self, scope: Scope, id: str, tags: Mapping[str, str], dropped: frozenset[str] = frozenset()) -> None:
        """A login profile has no tags: its secret has them."""
        retag(scope, id, tags, dropped)

    def _secret_for(self, scope: Scope, name: str, wanted: LoginProfileState) -> Kept:
        """Raises CastraError where the user has a password that no secret of ours tells of."""
        user = name_of(wanted.user)
        if described(scope, named(scope, FOLDER, name)) is None and _stands(scope, user):
            way_out = f"aws iam delete-login-profile --user-name {user} takes it away; or take console: true out"
            raise CastraError(self.key(name), f"user {user} has a password that somebody gave it by hand", way_out)
        own = {HOLDS: MAKING, LOGIN_OF: wanted.user, GENERATION: str(wanted.generation)}
        about, tags = f"The first password of user {user} for AWS's console", self.birth_tags(scope, name, wanted) | own
        return secret_for(self, scope, name, FOLDER, about, tags)


def _user(kept: Kept) -> str:
    return kept.tags.get(LOGIN_OF, "")


def _stands(scope: Scope, user: str) -> bool:
    """Whether a user has a password."""
    with gone_is_fine("NoSuchEntity"):
        scope.iam.get_login_profile(UserName=user)
        return True
    return False


def _set(scope: Scope, user: str, password: str) -> None:
    """To be changed at the first sign-in. One that a lost call or a dead run has made is set again."""
    asked = {"UserName": user, "Password": password, "PasswordResetRequired": True}
    try:
        when_visible(f"user {user}", scope.iam.create_login_profile, **asked)
    except ClientError as error:
        if code_of(error) != "EntityAlreadyExists":
            raise
        scope.iam.update_login_profile(**asked)


def sign_in(user: str) -> str:
    """The page on which the users of an account sign in, from a user's ARN."""
    _, partition, *_, account, _ = user.split(":")
    return f"https://{account}.signin.{SIGN_IN.get(partition, SIGN_IN['aws'])}/console"
