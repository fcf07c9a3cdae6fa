"""The project's physics: moto's emulator, made to refuse, wait, throttle and break as AWS does."""

import os

FLAGS = {
    "MOTO_IAM_LOAD_MANAGED_POLICIES": "true",
    "MOTO_ENABLE_AMI_VALIDATION": "true",
    "MOTO_ENABLE_KEYPAIR_VALIDATION": "true",
    "MOTO_EC2_ENABLE_INSTANCE_TYPE_VALIDATION": "true",
    "MOTO_ACM_VALIDATION_WAIT": "1",
}
"""What moto checks only when told to; it reads these once, when it's imported."""

os.environ.update(FLAGS)

from tests.physics.physics import Physics  # noqa: E402
from tests.physics.rules import Rule  # noqa: E402

__all__ = ["Physics", "Rule"]
