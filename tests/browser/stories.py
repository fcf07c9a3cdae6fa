"""What is filled into each form, story by story; a story's forms come in this order, on one emulated AWS."""

from collections.abc import Mapping
from dataclasses import dataclass

from tests.browser.form import Value
from tests.flows.world import REGION
from tests.rotated import FIRST

NAME = "formed"
BUCKET, TOPIC = "formed-pages", f"arn:aws:sns:{REGION}:123456789012:formed"
DOCUMENT = f"""\
name: {NAME}
region: {REGION}
network: {{cidr: 10.70.0.0/16, zones: 1, nat: none}}
servers:
  app:
    image: {{id: {FIRST}}}
    placement: public
    count: {{min: 1, max: 2}}
    rotation: {{settle: 0, within: 20, batch: 1}}
instances:
  db:
    image: {{id: {FIRST}}}
    instance_type: t3.micro
    volumes:
      data: {{device: /dev/sdf, size: 8, on_removal: wipe}}
images:
  golden:
    bake: {{base: {{id: {FIRST}}}, commands: [install things]}}
backups:
  nightly:
    instances: [db]
    when: {{cron: "0 2 * * *"}}
    keep: {{daily: 7}}
    copies:
      - {{region: eu-central-1, keep: {{daily: 2}}}}
    prove: {{every_days: 7}}
"""
WITH_A_FUNCTION = f"{DOCUMENT}functions:\n  runner: {{code: examples/functions, handler: app.run}}\n"


@dataclass(frozen=True)
class Filled:
    """A form, and what is filled in."""

    flow: str
    fields: Mapping[str, Value]
    deployment: str = "castra"


HERE: Mapping[str, Value] = {"environment": NAME, "region": REGION}
WHOLE: Mapping[str, Value] = {"blueprint": DOCUMENT}
STORIES: Mapping[str, tuple[Filled, ...]] = {
    "from the catalogue": (
        Filled("raise-from-catalogue", {"name": "listed", "item": "batch", "expires_after": "8h", "size": "medium"}),
        Filled("inventory", {"region": REGION}),
        Filled("reap", {"region": REGION}, "hourly-reaping"),
        Filled("tear-down", {"environment": "listed", "region": REGION}),
    ),
    "from a document": (
        Filled("plan", {"blueprint": "examples/web.yaml"}),
        Filled("doctor", WHOLE),
        Filled("build-image", WHOLE | {"name": "golden"}),
        Filled("spin-up", WHOLE | {"expires_after": "8h"}),
        Filled("drift", WHOLE),
        Filled("extend", HERE | {"until": "3d"}),
        Filled("rotate-image", WHOLE | {"servers": ["app"], "image": "ami-03cf127a"}),
        Filled("diagnose", HERE),
        Filled("people", HERE | {"unused": 30}),
        Filled("export", HERE),
        Filled("pause", HERE),
        Filled("resume", HERE),
        Filled("back-up", WHOLE | {"policies": ["nightly"]}),
        Filled("copy-backups", WHOLE),
        Filled("prove-backups", WHOLE | {"anyway": True}),
        Filled("restore", HERE | {"what": "instance/db", "into": "formed-again"}),
        Filled("replace-failed-instance", WHOLE | {"name": "db", "even_if_well": True}),
        Filled("prune-backups", WHOLE),
        Filled("retire-images", {"region": REGION, "days": 0, "names": ["golden*"]}),
        Filled("deploy-function", {"blueprint": WITH_A_FUNCTION, "name": "runner"}),
        Filled("tear-down", {"environment": "formed-again", "region": REGION}),
        Filled("tear-down", HERE),
    ),
    "without an environment": (
        Filled("publish-site", {"folder": "examples/site", "bucket": BUCKET, "region": REGION}),
        Filled("publish-site", {"folder": "examples/site", "bucket": BUCKET, "region": REGION, "compress": "gzip"}),
        Filled("roll-back-site", {"bucket": BUCKET, "region": REGION, "release": 1}),
        Filled("deploy-layer", {"name": "words", "region": REGION, "folder": "examples/layers/words"}),
        Filled("notify-sns", {"topic": TOPIC, "subject": "Formed", "message": "By a form."}),
        Filled("sweep", {"verb": "prune-backups", "folder": "examples", "at_once": 2}),
    ),
}
