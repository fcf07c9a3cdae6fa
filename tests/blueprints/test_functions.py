"""What people write of functions, and what is told of what can't be."""

from pathlib import Path
from typing import Any

import pytest

from blueprints.reading import build
from tasks.errors import Invalid

SECRET = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:mail-AbCdEf"
IMAGE = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/hello:1"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    code = tmp_path / "hello"
    (code / "inner").mkdir(parents=True)
    (code / "app.py").write_text("from inner.deep import given\n\ndef handler(event, context): ...\n\nmade = handler\n")
    (code / "inner" / "__init__.py").write_text("class Handler: ...\n")
    (code / "inner" / "broken.py").write_text("def handler(:\n")
    (code / "index.mjs").write_text("export const handler = async () => 1\n")
    return tmp_path


def document(**function: Any) -> dict[str, Any]:
    given = {"code": "hello", "handler": "app.handler"} | function
    given = {key: value for key, value in given.items() if value is not None}
    layers = {"words": {"packages": ["requests==2.32.5"]}}
    return {"name": "e", "region": "eu-west-1", "functions": {"hello": given}, "queues": {"jobs": {}}, "layers": layers}


@pytest.mark.parametrize(
    ("handler", "runtime"),
    [
        *((f"app.{name}", "python3.13") for name in ("handler", "made", "given")),
        *(("inner.Handler", "python3.12"), ("index.handler", "nodejs22.x"), ("whatever", "provided.al2023")),
    ],
)
def test_a_handler_that_is_in_the_folder_is_taken(folder: Path, handler: str, runtime: str) -> None:
    environment = build(document(handler=handler, runtime=runtime), folder=folder)
    (part,) = [part for part in environment.parts() if part.key == "function/hello"]
    assert (part.handler, part.folder) == (handler, str(folder / "hello"))  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("function", "told"),
    [
        ({"code": "helo"}, "functions.hello.code: there's no folder"),
        ({"code": None}, "functions.hello: should have code or image, and not both"),
        ({"image": IMAGE}, "functions.hello: should have code or image, and not both"),
        ({"code": None, "image": IMAGE}, "functions.hello: has an image, which says itself where it begins"),
        ({"handler": None}, "functions.hello: should have a handler"),
        (
            {"handler": "handler"},
            "functions.hello.handler: 'handler' isn't a handler of python3.13. Write the file and",
        ),
        ({"handler": "main.handler"}, "functions.hello.handler: "),
        ({"handler": "app.handle"}, "There are: given, handler, made."),
        ({"handler": "inner.broken.handler"}, "isn't Python: invalid syntax"),
        ({"handler": "app.handler", "runtime": "nodejs22.x"}, "has no file app.js, .mjs or .cjs"),
        ({"runtime": "python13"}, "functions.hello.runtime: "),
        (
            {"environment": {"DB_PASSWORD": "hunter2"}},
            "functions.hello.environment.DB_PASSWORD: it looks like a secret",
        ),
        ({"environment": {"AWS_REGION": "x"}}, "functions.hello.environment.AWS_REGION: Lambda keeps this name"),
        ({"environment": {"A1": "x" * 5000}}, "functions.hello.environment: it has 5002 bytes, and Lambda takes 4096."),
        ({"environment": {"MAIL": "x"}, "secrets": {"MAIL": SECRET}}, "functions.hello.secrets.MAIL: it stands in"),
        ({"secrets": {"MAIL": "hunter2"}}, "functions.hello.secrets.MAIL: "),
        ({"names": {"JOBS": "queue/job"}}, "functions.hello.names.JOBS: there is no queue job in the section queues"),
        ({"can": [{"read": "queue/jobs"}]}, "functions.hello.can.0.read: "),
        ({"can": [{"send": "queue/job"}]}, "functions.hello.can.0.send: there is no queue/job in the section queues"),
        (
            {"can": [{"send": "queue/jobs", "invoke": "function/hello"}]},
            "functions.hello.can.0: should say exactly one",
        ),
        ({"can": [{"read": "arn:aws:s3:::*"}]}, "functions.hello.can.0.read: "),
        (
            {"layers": ["word"]},
            "functions.hello.layers.0: there is no layer word in the section layers. Name one of: words.",
        ),
        ({"layers": ["words"], "architecture": "arm64"}, "functions.hello.layers.0: the layer isn't for arm64"),
        ({"layers": ["words"], "runtime": "python3.12"}, "functions.hello.layers.0: the layer isn't for python3.12"),
        ({"dead_letters": "job"}, "functions.hello.dead_letters: there is no queue job in the section queues"),
        ({"permissions_boundary": "policy/all"}, "functions.hello.permissions_boundary: there is no policy/all"),
        ({"vpc": True}, "functions.hello.vpc: the document has no network. Add one, or leave it out."),
        ({"timeout": 901}, "functions.hello.timeout: "),
        ({"logs": 2}, "functions.hello.logs: "),
    ],
)
def test_what_cant_be_is_told_with_its_place(folder: Path, function: dict[str, Any], told: str) -> None:
    with pytest.raises(Invalid) as raised:
        build(document(**function), folder=folder)
    (problem,) = raised.value.problems
    assert told in str(problem)
