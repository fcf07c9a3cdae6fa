"""Passwords of users: whether one has to be changed at the first sign-in, which moto forgets when it is made."""

from tests.physics.answers import Answer
from tests.physics.hooks import after
from tests.physics.protocol import Request
from tests.physics.world import World


@after("iam:CreateLoginProfile")
def to_be_changed(request: Request, answer: Answer, world: World) -> None:
    user = world.backend(request).users[request.text("UserName")]
    user.password_reset_required = request.flag("PasswordResetRequired")
