"""Layers: what comes out of packages and folders, what's published and pruned, and what can't be built."""

import json
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import BotoCoreError

from blueprints.layers import Layer
from blueprints.part import Lookup
from blueprints.reading import load
from tasks.errors import CastraError, Invalid
from tasks.lease import depot
from tasks.scope import Scope
from tasks.serverless import building, sending
from tasks.serverless.archive import MEGABYTE, Archive, pack, too_large
from tasks.serverless.building import Recipe, made
from tasks.serverless.layer import KEPT, LayerKind
from tests.conductor import look_and_plan, raise_all
from tests.physics import Physics
from tests.tasks.rows.serverless import FILES, LAYER, publish_by_hand
from tests.wheels import ask_no_index, wheel

KIND = LayerKind()


def layer(**given: Any) -> Layer:
    target = {"runtimes": ("python3.13",), "architectures": ("x86_64",)}
    return Layer(name="words", where="layers.words", content=Lookup("built:layer/words"), **(target | given))


def index(folder: Path, patch: pytest.MonkeyPatch) -> Path:
    """An index with a package that needs another, has a script, and one that is for one Python and processor only."""
    wheel(folder, "alpha", needs=["beta>=2"], scripts=["alpha"])
    wheel(folder, "beta", "2.1")
    wheel(folder, "native", tag="cp313-cp313-manylinux_2_17_x86_64")
    ask_no_index(folder, patch)
    return folder


def packed(**recipe: Any) -> Archive:
    with made(Recipe(**recipe), ("python3.13",), ("x86_64",), "layers.words") as files:
        return pack(files)


def problem_of(**given: Any) -> str:
    with pytest.raises(Invalid) as error:
        KIND.built(layer(**given))
    (problem,) = error.value.problems
    assert problem.path == "layers.words"
    return str(problem)


def numbers(scope: Scope) -> list[int]:
    listed = scope.client("lambda").list_layer_versions(LayerName=f"{scope.environment}--words")["LayerVersions"]
    return sorted(version["Version"] for version in listed)


# ---------------------------------------------------------------------- what comes out


def test_packages_fetched_twice_into_two_folders_are_the_same_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index(tmp_path / "one", monkeypatch)
    one = packed(packages=("alpha",))
    index(tmp_path / "elsewhere" / "other", monkeypatch)
    (tmp_path / "requirements.txt").write_text("alpha\n")
    monkeypatch.setattr(building.tempfile, "tempdir", str(tmp_path))
    other = packed(requirements=str(tmp_path / "requirements.txt"))
    assert one.sha256 == other.sha256
    assert one.digest == other.digest


def test_packages_lie_where_python_finds_them_without_what_is_of_this_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index(tmp_path, monkeypatch)
    with made(Recipe(packages=("alpha",)), ("python3.13",), ("arm64",), "") as files:
        record = files["python/alpha-1.0.dist-info/RECORD"].read_text()
        names = {name.removeprefix("python/") for name in files}
    assert {"alpha/__init__.py", "beta/__init__.py", "alpha-1.0.dist-info/METADATA"} <= names
    assert not [name for name in names if name.startswith("bin/") or name.endswith(("direct_url.json", ".lock"))]
    assert {line.partition(",")[0] for line in record.splitlines()} == {
        name for name in names if name.startswith("alpha")
    }


def test_fetching_leaves_what_uv_keeps_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The files are links into its cache, where other environments have theirs from."""
    index(tmp_path, monkeypatch)
    packed(packages=("alpha",))
    before = {path: path.read_bytes() for path in (tmp_path / "cache").rglob("RECORD")}
    packed(packages=("alpha",))
    assert before
    assert {path: path.read_bytes() for path in before} == before


# ---------------------------------------------------------------------- what AWS has


def test_it_is_published_with_its_targets_and_only_when_its_content_differs(
    scope: Scope, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index(tmp_path, monkeypatch)
    part = layer(packages=("alpha",))
    plan = raise_all(scope, [part], among=["layer"])
    assert plan.steps[0].changes[-1].to == {"packages": ["alpha"], "requirements": None, "folder": None}
    (version,) = scope.client("lambda").list_layer_versions(LayerName=f"{scope.environment}--words")["LayerVersions"]
    assert (version["CompatibleRuntimes"], version["CompatibleArchitectures"]) == (["python3.13"], ["x86_64"])
    content = scope.client("lambda").get_layer_version(LayerName=f"{scope.environment}--words", VersionNumber=1)
    assert content["Content"]["CodeSha256"] == packed(packages=("alpha",)).sha256
    assert raise_all(scope, [part], among=["layer"]).settled
    assert raise_all(scope, [layer(packages=("beta", "alpha"))], among=["layer"]).settled
    wheel(tmp_path, "beta", "2.2")
    assert raise_all(scope, [part], among=["layer"]).steps[0].action == "replace"
    assert numbers(scope) == [1, 2]


def test_old_versions_go_but_for_those_that_a_version_of_a_function_has(scope: Scope, aws: Physics) -> None:
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    role = scope.iam.create_role(RoleName=f"{scope.environment}-f", AssumeRolePolicyDocument=document)["Role"]
    functions = scope.client("lambda")
    for number in range(1, KEPT + 4):
        folder = FILES / ("greeting" if number % 2 else "farewell")
        raise_all(scope, [layer(folder=str(folder))], among=["layer"])
        arn = f"arn:aws:lambda:eu-west-1:{scope.account}:layer:{scope.environment}--words:{number}"
        if number == 1:
            code = {"ZipFile": pack({"f.py": FILES / "greeting" / "python" / "greeting.py"}).content}
            given = {"Runtime": "python3.13", "Handler": "f.f", "Code": code, "Role": role["Arn"]}
            functions.create_function(FunctionName=f"{scope.environment}-f", Layers=[arn], Publish=True, **given)
            functions.create_alias(FunctionName=f"{scope.environment}-f", Name="live", FunctionVersion="1")
        if number == 2:
            functions.update_function_configuration(FunctionName=f"{scope.environment}-f", Layers=[arn])
    assert numbers(scope) == [1, 2, *range(4, KEPT + 4)]


def test_one_whose_answer_was_lost_is_found_and_not_published_twice(scope: Scope, aws: Physics) -> None:
    aws.rule("PublishLayerVersion", "lose-answer", nth=1)
    with pytest.raises(BotoCoreError):
        raise_all(scope, [LAYER], among=["layer"])
    assert look_and_plan(scope, [LAYER], among=["layer"]).settled
    assert numbers(scope) == [1]


def test_one_that_is_too_large_for_the_call_goes_by_the_depot_bucket_and_leaves_nothing_there(
    scope: Scope, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "DIRECT", 100)
    raise_all(scope, [LAYER], among=["layer"])
    version = scope.client("lambda").get_layer_version(LayerName=f"{scope.environment}--words", VersionNumber=1)
    assert version["Content"]["CodeSha256"] == packed(folder=LAYER.folder).sha256
    bucket = depot(scope.account, scope.region)
    assert "layers/" not in str(scope.client("s3").list_objects_v2(Bucket=bucket).get("Contents", []))


def test_striking_takes_every_version_of_it_and_none_of_a_neighbour(scope: Scope) -> None:
    neighbour = Scope(f"{scope.environment}-2", scope.region)
    for one in (scope, neighbour):
        raise_all(one, [LAYER], among=["layer"])
        publish_by_hand(one, f"a:a:a:a:a:a:{one.environment}--words:1")
    raise_all(scope, (), among=["layer"])
    assert numbers(scope) == []
    assert numbers(neighbour) == [1, 2]


def test_what_changed_since_the_plan_is_not_published(scope: Scope, tmp_path: Path) -> None:
    (tmp_path / "python").mkdir()
    (tmp_path / "python" / "words.py").write_text("WORD = 'Ave'\n")
    part = layer(folder=str(tmp_path))
    wanted = KIND.wanted(part, {part.content: KIND.built(part)})
    (tmp_path / "python" / "words.py").write_text("WORD = 'Vale'\n")
    with pytest.raises(CastraError, match="changed since the plan was made"):
        KIND.create(scope, "words", wanted)
    assert numbers(scope) == []


def test_the_example_is_raised_reads_back_as_wanted_and_is_struck(
    scope: Scope, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wheel(tmp_path, "requests")
    ask_no_index(tmp_path, monkeypatch)
    parts = load(Path(__file__).parents[2] / "examples" / "layers.yaml").parts()
    raise_all(scope, parts, among=["layer"])
    assert look_and_plan(scope, parts, among=["layer"]).settled
    names = [layer["LayerName"] for layer in scope.client("lambda").list_layers()["Layers"]]
    assert {f"{scope.environment}--http", f"{scope.environment}--words"} <= set(names)
    raise_all(scope, ())
    assert look_and_plan(scope, ()).steps == ()


# ---------------------------------------------------------------------- what can't be built


def test_a_package_without_a_wheel_for_the_target_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    index(tmp_path, monkeypatch)
    assert KIND.built(layer(packages=("native",)))
    for given in ({"architectures": ("arm64",)}, {"runtimes": ("python3.12",)}):
        said = problem_of(packages=("native",), **given)
        assert "native==1.0 has no wheels" in said
        assert said.endswith("Name a version that has a wheel for it, or build it yourself and give it as a folder.")


def test_a_package_that_there_is_not_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    index(tmp_path, monkeypatch)
    said = problem_of(packages=("nowhere",))
    assert said.startswith("layers.words: its packages can't be had for python3.13 on x86_64 (Because nowhere was not ")
    assert said.endswith("unsatisfiable). Check its name and version, and the index that uv is to ask.")


def test_packages_that_differ_between_the_targets_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    index(tmp_path, monkeypatch)
    wheel(tmp_path, "native", tag="cp313-cp313-manylinux_2_17_aarch64", files={"native/__init__.py": "ARM = True\n"})
    said = problem_of(packages=("native", "alpha"), architectures=("x86_64", "arm64"))
    assert "aren't the same for python3.13 on arm64 and python3.13 on x86_64: native. Make a layer for each" in said


def test_more_than_lambda_takes_is_told_with_the_largest_packages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index(tmp_path, monkeypatch)
    wheel(tmp_path, "huge", files={"huge/data": bytes(2 * MEGABYTE)})
    wheel(tmp_path, "large", files={"large/data": bytes(MEGABYTE)})
    monkeypatch.setattr(building, "too_large", partial(too_large, limit=2 * MEGABYTE))
    said = problem_of(packages=("huge", "large", "alpha"))
    assert "it has 3 MB unzipped, and Lambda takes 2 MB; the largest are huge 2 MB, large 1 MB, alpha" in said


def test_modules_where_python_does_not_look_are_told(tmp_path: Path) -> None:
    (tmp_path / "words.py").touch()
    assert "Python won't find words.py" in problem_of(folder=str(tmp_path))
    assert KIND.built(layer(folder=str(tmp_path), runtimes=("provided.al2023",)))


def test_all_layers_that_cant_be_built_are_told_before_anything_is_planned(scope: Scope, tmp_path: Path) -> None:
    lost = [layer(folder=str(tmp_path / name)).model_copy(update={"name": name, "where": name}) for name in "ab"]
    lost = [part.model_copy(update={"content": Lookup(f"built:layer/{part.name}")}) for part in lost]
    with pytest.raises(Invalid) as error:
        look_and_plan(scope, lost, among=["layer"])
    assert [problem.path for problem in error.value.problems] == ["b", "a"]
    assert scope.calls.summary()["write"] == 0
