"""What is wrong with REST APIs and their templates, told with its place, before anything is asked of AWS."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from blueprints.problem import Invalid
from blueprints.reading import build
from blueprints.rest_apis import RestApi, RestStage
from blueprints.templates import template_faults

FUNCTION = "arn:aws:lambda:eu-west-1:123456789012:function:things"
URL = "https://example.com"
TOKEN = {"kind": "token", "function": FUNCTION}


def document(**api: Any) -> dict[str, Any]:
    rest = {"kind": "rest", "routes": {"GET /": URL}}
    return {"name": "e", "region": "eu-west-1", "apis": {"shop": rest | api}}


def told(**api: Any) -> str:
    with pytest.raises(Invalid) as caught:
        build(document(**api))
    return str(caught.value)


def route(key: str = "GET /", **said: Any) -> dict[str, Any]:
    return {"routes": {key: {"to": URL} | said}}


TEMPLATE = "templates.application/json"


@pytest.mark.parametrize(
    ("api", "place", "why"),
    [
        (route(templates={"application/json": "#if($a) x"}), f"routes.GET /.{TEMPLATE}", "line 1: #if has no #end"),
        (route(answers={200: {"templates": {"application/json": "a\n#end"}}}), TEMPLATE, "line 2: #end closes nothing"),
        (route(answers={200: {"pattern": "("}}), "answers.200.pattern", "isn't a regular expression"),
        (route(answers={200: {}, 404: {}}), "routes.GET /.answers", "two of them are for the same"),
        (route(answers={404: {"pattern": "4.."}}), "routes.GET /.answers", "none is for all other answers"),
        (route(body="Order"), "routes.GET /.body", "no model 'Order'"),
        (route(validates="body"), "routes.GET /.validates", "nothing says what the body must be"),
        (route(cache=60), "routes.GET /.cache", "keeps no answers"),
        (route("ANY /", throttle={"rate": 1, "burst": 1}), "routes.ANY /.throttle", "AWS has none for ANY"),
        (route(cache_keys=["querystring.a"]), "routes.GET /.cache_keys", "isn't among its parameters"),
        (route(api_key=True), "routes.GET /.api_key", "nobody could use it"),
        ({"plans": {"gold": {"members": ["a"]}}}, "plans.gold.members", "no key 'a'"),
        (
            {"api_keys": {"a": "A"}, "plans": {"one": {"members": ["a"]}, "two": {"members": ["a"]}}},
            "plans.two.members",
            "a is on the plan one already",
        ),
        (route(authorizer="staff"), "routes.GET /.authorizer", "no authorizer 'staff'"),
        (route(scopes=["a"]), "routes.GET /.scopes", "a Cognito token's"),
        (route(to="ftp://x"), "routes.GET /.to", "no address and not mock"),
        (route(to=f"{URL}/{{id}}"), "routes.GET /.to", "its path has no {id}"),
        (route(tiemout=1), "routes.GET /.tiemout", "Did you mean timeout"),
        ({"routes": {"$default": URL}}, "routes.$default", "isn't an HTTP route"),
        (
            {"routes": {"GET /{a}": URL, "PUT /{b}/x": URL}},
            "routes.PUT /{b}/x",
            "{b} stands where another route has {a}",
        ),
        ({"authorizers": {"a": {"kind": "token"}}}, "authorizers.a.function", "is missing"),
        ({"authorizers": {"a": {"kind": "cognito", "function": FUNCTION}}}, "authorizers.a.function", "has none"),
        ({"authorizers": {"a": TOKEN | {"identity": []}}}, "authorizers.a.identity", "stands in one place"),
        ({"cors": {"origins": ["https://a.com", "https://b.com"]}}, "cors.origins", "one origin, or for all"),
        ({"models": {"A": {"$ref": "#/B"}}}, "models.A", "'#/B' is no model"),
        ({"stages": "x"}, "apis.shop.stages", "Did you mean stage"),
    ],
)
def test_what_cant_be_is_told_with_its_place(api: dict[str, Any], place: str, why: str) -> None:
    said = told(**api)
    assert place in said
    assert why in said


def test_what_is_required_is_what_is_looked_at() -> None:
    routes = {
        "POST /both": {"to": URL, "body": "A", "parameters": {"querystring.page": True}},
        "POST /body": {"to": URL, "body": "A", "parameters": {"querystring.page": False}},
        "GET /none": {"to": URL, "parameters": {"header.X": False}},
        "PUT /said": {"to": URL, "body": "A", "validates": "none"},
    }
    api, _ = build(document(routes=routes, models={"A": {}})).parts()
    assert isinstance(api, RestApi)
    assert {one.key: one.validates for one in api.methods} == {
        "POST /both": "all",
        "POST /body": "body",
        "GET /none": "none",
        "PUT /said": "none",
    }


def test_cors_is_answered_on_each_path_that_does_not_do_it_itself() -> None:
    routes = {"GET /a": URL, "POST /a": URL, "ANY /b": URL, "GET /c": {"to": "mock", "answers": {200: {}}}}
    api, stage = build(document(routes=routes, cors={"origins": ["https://a.com"]})).parts()
    assert isinstance(api, RestApi)
    assert isinstance(stage, RestStage)
    before = [one for one in api.methods if one.key.startswith("OPTIONS")]
    assert [one.key for one in before] == ["OPTIONS /a", "OPTIONS /c"]
    assert before[0].answers[0].headers["Access-Control-Allow-Origin"] == "'https://a.com'"
    (mocked,) = (one for one in api.methods if one.key == "GET /c")
    assert mocked.answers[0].headers == {"Access-Control-Allow-Origin": "'https://a.com'"}
    assert set(api.errors) == {"DEFAULT_4XX", "DEFAULT_5XX"}
    assert stage.serves == api


@pytest.mark.parametrize(
    "text",
    [
        '{"a": "$input.params(\'a\')"}',
        "#set($a = $input.path('$.a'))#if($a && ($a == ')')) x #elseif($b) y #else z #end",
        "#foreach($one in $all)#if($velocityCount > 1), #end$one#end",
        '{"n": #if($n)$n#{else}0#{end}, "colour": "#fff"}',
        "## #if is only talked of\n#* #foreach\n *# ${a} $!{b}",
        "#[[ #if is text ]]#",
        "#define($x)#end#macro(hi $a)#end",
    ],
)
def test_templates_that_are_right_have_no_faults(text: str) -> None:
    assert list(template_faults(text)) == []


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("#foreach($a in $b)", "#foreach has no #end"),
        ("#else", "#else stands in no #if"),
        ("#foreach($a in $b)#else#end", "#else stands in no #if"),
        ("#set $a = 1", "#set has no (...) that is closed"),
        ("#if($a == (1)x#end", "#if has no (...) that is closed"),
        ("${a", "${ is never closed"),
        ("#* a", "#* is never closed"),
        ("#[[ a", "#[[ is never closed"),
        ("a" * 400_000, "longer than"),
    ],
)
def test_templates_that_are_wrong_are_told_what(text: str, fault: str) -> None:
    assert any(fault in one for one in template_faults(text))


nested = some.recursive(
    some.sampled_from(["x", "$a", "${a.b}", "#set($a = ')')", "## c\n", "#fff ", "\n"]),
    lambda inner: some.one_of(
        some.tuples(inner, inner).map("".join),
        inner.map(lambda text: f"#if($a){text}#{{else}}{text}#{{end}}"),
        inner.map(lambda text: f"#foreach($a in [1, (2)]) {text} #{{end}}"),
    ),
)


@given(nested)
def test_what_is_nested_rightly_is_valid_and_not_without_an_end(text: str) -> None:
    assert list(template_faults(text)) == []
    assert list(template_faults(f"#if($x) {text}")) != []
    assert list(template_faults(f"{text} #end")) != []
