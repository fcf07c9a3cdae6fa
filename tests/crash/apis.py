"""APIs of an account as plain clients tell them, without ids."""

from collections.abc import Iterator
from typing import Any

from tasks.scope import as_list


def http_apis(gateway: Any) -> Iterator[tuple[str, Any]]:
    """Each with all that's inside, without ids: what's behind a route, and what a deployment is of."""
    for api in gateway.get_apis()["Items"]:
        id = {"ApiId": api["ApiId"]}
        behind = {
            one["IntegrationId"]: without(one, "IntegrationId") for one in gateway.get_integrations(**id)["Items"]
        }
        names = {one["AuthorizerId"]: one["Name"] for one in gateway.get_authorizers(**id)["Items"]}
        deployed = {one["DeploymentId"]: one["Description"] for one in gateway.get_deployments(**id)["Items"]}
        routes = [
            without(one, "RouteId")
            | {"Target": behind[one["Target"].rpartition("/")[2]], "AuthorizerId": names.get(one.get("AuthorizerId"))}
            for one in gateway.get_routes(**id)["Items"]
        ]
        inside = {"Behind": list(behind.values()), "Names": list(names.values()), "Deployed": list(deployed.values())}
        yield "Apis", without(api, "ApiId", "ApiEndpoint") | {"Routes": routes, "Tags": as_list(api["Tags"])} | inside
        for stage in gateway.get_stages(**id)["Items"]:
            yield "Stages", stage | {"DeploymentId": deployed[stage["DeploymentId"]], "Tags": as_list(stage["Tags"])}


def api_domains(gateway: Any) -> Iterator[tuple[str, Any]]:
    """Each with the paths that lead somewhere; to which API is told by an id."""
    for domain in gateway.get_domain_names()["Items"]:
        mappings = gateway.get_api_mappings(DomainName=domain["DomainName"]).get("Items", [])
        paths = [without(one, "ApiId", "ApiMappingId") for one in mappings]
        yield "DomainNames", domain | {"Paths": paths, "Tags": as_list(domain.get("Tags", {}))}


def rest_apis(gateway: Any) -> Iterator[tuple[str, Any]]:
    for api in gateway.get_rest_apis()["items"]:
        id = {"restApiId": api["id"]}
        names = {one["id"]: one["name"] for one in gateway.get_authorizers(**id)["items"]}
        deployed = {one["id"]: one["description"] for one in gateway.get_deployments(**id)["items"]}
        methods = [
            without(method, "requestValidatorId")
            | {"path": one["path"], "authorizerId": names.get(method.get("authorizerId"))}
            for one in gateway.get_resources(**id)["items"]
            for method in one.get("resourceMethods", {}).values()
        ]
        models = sorted(one["name"] for one in gateway.get_models(**id)["items"])
        inside = {
            "Methods": methods,
            "Deployed": list(deployed.values()),
            "Models": models,
            "Names": sorted(names.values()),
        }
        yield "RestApis", without(api, "id", "rootResourceId", "tags") | {"Tags": as_list(api["tags"])} | inside
        for stage in gateway.get_stages(**id)["item"]:
            named = {"deploymentId": deployed[stage["deploymentId"]], "Tags": as_list(stage["tags"])}
            yield "RestStages", without(stage, "tags") | named


def usage_plans(gateway: Any) -> Iterator[tuple[str, Any]]:
    """Plans and keys; of which stages is told by ids."""
    for plan in gateway.get_usage_plans()["items"]:
        told = without(plan, "id", "apiStages", "tags") | {"Stages": len(plan.get("apiStages", []))}
        yield "UsagePlans", told | {"Tags": as_list(plan.get("tags", {}))}
    for key in gateway.get_api_keys()["items"]:
        told = without(key, "id", "stageKeys", "createdDate", "lastUpdatedDate", "tags")
        yield "ApiKeys", told | {"Tags": as_list(key.get("tags", {}))}


def without(item: dict[str, Any], *fields: str) -> dict[str, Any]:
    return {name: value for name, value in item.items() if name not in fields}
