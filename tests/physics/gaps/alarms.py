"""Alarms: tags of a new one only, gone with it.

CloudWatch's calls are in CBOR, which isn't read here: what they change is seen in moto's own tables.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from tests.physics.answers import Answer
from tests.physics.hooks import after, during
from tests.physics.protocol import Request
from tests.physics.world import World


@during("cloudwatch:PutMetricAlarm")
@contextmanager
def tags_of_new_ones(request: Request, world: World) -> Iterator[None]:
    """AWS ignores the tags of a call that changes an alarm; moto adds them."""
    metrics = world.backend(request)
    arns = [alarm.alarm_arn for alarm in metrics.alarms.values()]
    kept = {arn: metrics.tagger.get_tag_dict_for_resource(arn) for arn in arns}
    yield
    for arn, tags in kept.items():
        if metrics.tagger.get_tag_dict_for_resource(arn) != tags:
            metrics.tagger.delete_all_tags_for_resource(arn)
            metrics.tagger.tag_resource(arn, metrics.tagger.convert_dict_to_tags_input(tags))


@after("cloudwatch:DeleteAlarms")
def tags_gone(request: Request, answer: Answer, world: World) -> None:
    """An alarm's tags go with it; in moto the next of its name has them."""
    metrics = world.backend(request)
    standing = {alarm.alarm_arn for alarm in metrics.alarms.values()}
    for arn in [arn for arn in metrics.tagger.tags if ":alarm:" in arn and arn not in standing]:
        metrics.tagger.delete_all_tags_for_resource(arn)
