"""What is particular to HTTP and WebSocket APIs and to their stages."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from blueprints.http_apis import HttpApi
from blueprints.part import Part
from blueprints.reading import build
from tasks.api.http_state import content, invocation, wanted_state
from tasks.kind import unknown, unknowns
from tasks.registry import KINDS
from tasks.scope import Scope
from tasks.survey import look
from tests.conductor import look_and_plan, raise_all
from tests.physics import Physics
from tests.tasks.rows.api import API, CHANGED_API, CHANGED_STAGE, FUNCTION, PEOPLE, STAGE, http


def stage_of(api: HttpApi) -> Part:
    return STAGE.model_copy(update={"serves": api, "routes": {}})


def only_api(scope: Scope) -> str:
    (api,) = look(scope, KINDS["http-api"], "shop")
    return api.id


def shown(scope: Scope, stage: str = "$default") -> Any:
    """The stage's deployment, and how many there are."""
    id = only_api(scope)
    deployments = http(scope).get_deployments(ApiId=id)["Items"]
    return http(scope).get_stage(ApiId=id, StageName=stage)["DeploymentId"], len(deployments)


def test_aws_has_the_routes_with_what_is_behind_them_and_who_may(scope: Scope) -> None:
    raise_all(scope, [API, STAGE])
    id = only_api(scope)
    behind = {one["IntegrationId"]: one for one in http(scope).get_integrations(ApiId=id)["Items"]}
    routes = {one["RouteKey"]: one for one in http(scope).get_routes(ApiId=id)["Items"]}
    assert sorted(routes) == ["ANY /old/{rest+}", "GET /things", "POST /things"]
    assert len(behind) == 2, "routes to the same function share an integration"
    things = behind[routes["GET /things"]["Target"].removeprefix("integrations/")]
    assert (things["IntegrationType"], things["IntegrationUri"]) == ("AWS_PROXY", FUNCTION)
    assert (things["PayloadFormatVersion"], things["TimeoutInMillis"]) == ("2.0", 30_000)
    passed_on = behind[routes["ANY /old/{rest+}"]["Target"].removeprefix("integrations/")]
    assert (passed_on["IntegrationType"], passed_on["IntegrationMethod"]) == ("HTTP_PROXY", "ANY")
    (authorizer,) = http(scope).get_authorizers(ApiId=id)["Items"]
    assert authorizer["JwtConfiguration"] == {"Issuer": PEOPLE.issuer, "Audience": ["shop"]}
    post = routes["POST /things"]
    assert (post["AuthorizationType"], post["AuthorizerId"]) == ("JWT", authorizer["AuthorizerId"])
    assert post["AuthorizationScopes"] == ["write"]
    stage = http(scope).get_stage(ApiId=id, StageName="$default")
    assert stage["AutoDeploy"] is False if "AutoDeploy" in stage else True
    assert stage["DefaultRouteSettings"]["ThrottlingRateLimit"] == 100


def test_a_change_of_many_routes_is_deployed_once_and_after_all_of_it(aws: Physics, scope: Scope) -> None:
    raise_all(scope, [API, STAGE])
    old, _ = shown(scope)
    before = len(aws.writes())
    raise_all(scope, [CHANGED_API, stage_of(CHANGED_API)])
    made = [call.operation for call in aws.writes()[before:]]
    inside = {name for name in made if "Route" in name or "Integration" in name or "Authorizer" in name}
    last = max(index for index, name in enumerate(made) if name in inside - {"DeleteRouteSettings"})
    assert made.count("CreateDeployment") == 1
    assert last < made.index("CreateDeployment") < made.index("UpdateStage")
    new, count = shown(scope)
    assert new != old
    assert count == 1, "the old one went"


def test_what_visitors_cant_see_is_not_deployed(aws: Physics, scope: Scope) -> None:
    raise_all(scope, [API, STAGE])
    renamed = API.model_copy(update={"description": "another"})
    before = len(aws.writes())
    raise_all(scope, [renamed, STAGE.model_copy(update={"serves": renamed})])
    assert "CreateDeployment" not in [call.operation for call in aws.writes()[before:]]


def test_while_a_route_fails_the_stage_shows_the_old_api(aws: Physics, scope: Scope) -> None:
    raise_all(scope, [API, STAGE])
    before = shown(scope)
    aws.rule("UpdateRoute", "error:BadRequestException:400", nth=1)
    with pytest.raises(ClientError):
        raise_all(scope, [CHANGED_API, stage_of(CHANGED_API)])
    assert shown(scope) == before
    raise_all(scope, [CHANGED_API, stage_of(CHANGED_API)])
    assert look_and_plan(scope, [CHANGED_API, stage_of(CHANGED_API)]).settled


def test_a_deployment_whose_stage_was_never_pointed_at_it_is_used_and_not_made_again(
    aws: Physics, scope: Scope
) -> None:
    raise_all(scope, [API, STAGE])
    writes = len(aws.writes())
    aws.rule("UpdateStage", "error:BadRequestException:400", nth=1)
    with pytest.raises(ClientError):
        raise_all(scope, [CHANGED_API, stage_of(CHANGED_API)])
    raise_all(scope, [CHANGED_API, stage_of(CHANGED_API)])
    assert [call.operation for call in aws.writes()[writes:]].count("CreateDeployment") == 1
    assert shown(scope)[1] == 1


def test_a_deployment_that_a_dead_run_left_goes(scope: Scope) -> None:
    raise_all(scope, [API, STAGE])
    http(scope).create_deployment(ApiId=only_api(scope), Description="castra old")
    http(scope).create_deployment(ApiId=only_api(scope), Description="of somebody else")
    (change,) = look_and_plan(scope, [API, STAGE]).changes[0].changes
    assert change.field == "stale"
    raise_all(scope, [API, STAGE])
    said = {one["Description"] for one in http(scope).get_deployments(ApiId=only_api(scope))["Items"]}
    assert "of somebody else" in said
    assert "castra old" not in said
    assert look_and_plan(scope, [API, STAGE]).settled


def test_settings_of_a_stage_that_are_taken_out_are_taken_away(scope: Scope) -> None:
    raise_all(scope, [API, STAGE])
    raise_all(scope, [API, CHANGED_STAGE])
    stage = http(scope).get_stage(ApiId=only_api(scope), StageName="$default")
    assert "AccessLogSettings" not in stage
    assert list(stage["RouteSettings"]) == ["POST /things"]
    assert stage["StageVariables"] == {"colour": "red"}


def test_a_websocket_api_invokes_functions_by_api_gateways_own_address(scope: Scope) -> None:
    routes = {"$connect": FUNCTION, "say": FUNCTION}
    document = {
        "kind": "websocket",
        "routes": routes,
        "authorizers": {"door": {"kind": "lambda", "function": FUNCTION}},
    }
    parts = build({"name": "e", "region": "eu-west-1", "apis": {"shop": document | {"authorizer": "door"}}}).parts()
    raise_all(scope, parts)
    id = only_api(scope)
    (behind,) = http(scope).get_integrations(ApiId=id)["Items"]
    assert behind["IntegrationUri"] == invocation(FUNCTION)
    assert http(scope).get_api(ApiId=id)["RouteSelectionExpression"] == "$request.body.action"
    (stage,) = look(scope, KINDS["api-stage"], "shop")
    assert stage.outputs["url"].endswith("/live")
    assert look_and_plan(scope, parts).settled
    raise_all(scope, ())
    assert [api for api in http(scope).get_apis()["Items"] if scope.owns(api["Tags"])] == []


def test_the_stage_waits_for_what_the_api_waits_for_and_says_so() -> None:
    (api,) = (part for part in build(own_functions()).parts() if isinstance(part, HttpApi))
    waited = {"function/things", "function/door"}
    assert unknowns(content(wanted_state(api, {key: unknown(key) for key in waited}))) == waited


def own_functions(**more: Any) -> dict[str, Any]:
    image = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/things:1"
    routes = {"GET /things": "function/things", "POST /things": "function/things"}
    shop = {"routes": routes, "authorizers": {"door": {"kind": "lambda", "function": "function/door"}}} | more
    functions = {name: {"image": image} for name in ("things", "door")}
    return {"name": "e", "region": "eu-west-1", "functions": functions, "apis": {"shop": shop}}


def test_a_function_of_the_document_is_called_by_its_alias_and_admits_this_api_only(scope: Scope) -> None:
    parts = build(own_functions()).parts()
    raise_all(scope, parts)
    id = only_api(scope)
    (behind,) = http(scope).get_integrations(ApiId=id)["Items"]
    (things,) = look(scope, KINDS["function"], "things")
    assert behind["IntegrationUri"] == f"{things.id}:live"
    admitted = {one.name: one.state for one in KINDS["permission"].owned(scope)}
    beginning = f"arn:aws:execute-api:eu-west-1:123456789012:{id}"
    assert {name: (one.principal, one.source, one.account) for name, one in admitted.items()} == {
        "api-shop-things": ("apigateway.amazonaws.com", f"{beginning}/$default/*", None),
        "api-shop-door-door": ("apigateway.amazonaws.com", f"{beginning}/authorizers/*", None),
    }
    assert look_and_plan(scope, parts).settled
    raise_all(scope, ())
    assert look_and_plan(scope, ()).steps == ()


def test_a_log_of_its_own_is_a_log_group_that_the_stage_writes_to(scope: Scope) -> None:
    parts = build(own_functions(access_logs=7, kind="rest", authorizers={})).parts()
    raise_all(scope, parts)
    (group,) = look(scope, KINDS["log-group"], "api-shop")
    (stage,) = look(scope, KINDS["rest-stage"], "shop")
    assert stage.state.access_logs == group.id
    assert look_and_plan(scope, parts).settled
