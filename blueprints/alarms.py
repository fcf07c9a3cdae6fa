"""Alarms on what a document runs: the section that people write, and the parts it unfolds into."""

from collections.abc import Iterator
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from blueprints.part import Id, Part, Piece, behind, name_in, text
from blueprints.problem import Problem
from blueprints.stepping import Alarm
from blueprints.topics import TOPIC_ARN

MINUTE, FIVE = 60, 300  # seconds
GIB = 2**30
SPACES = {"classic": "AWS/ELB", "application": "AWS/ApplicationELB", "network": "AWS/NetworkELB"}
ERRORS = {"classic": "HTTPCode_Backend_5XX", "application": "HTTPCode_Target_5XX_Count"}
"""By the balancer's kind; a network balancer knows no answers."""
Recipient = Annotated[str, Field(pattern=rf"^topic/[a-z0-9]+(-[a-z0-9]+)*$|{TOPIC_ARN}")]
Recipients = Annotated[tuple[Recipient, ...], Field(min_length=1, max_length=5)]


def _several(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


class Alarms(Piece):
    """Who is told when something that the document runs isn't well, and again when it is well again.

    Each threshold may be set to null: then there is no such alarm.
    """

    to: Annotated[Recipients, BeforeValidator(_several, json_schema_input_type=Recipient | Recipients)] = Field(
        description="Topics of SNS: topic/<name>, or ARNs; five at most."
    )
    unhealthy_servers: int | None = Field(
        default=1, ge=1, description="So many servers of a load balancer's unwell, for five minutes."
    )
    server_errors: int | None = Field(
        default=10, ge=1, description="So many answers 5xx in five minutes, of what's behind a balancer or of an API."
    )
    function_errors: int | None = Field(
        default=1, ge=1, description="So many failed invocations of a function in five minutes."
    )
    database_storage: int | None = Field(
        default=10,
        ge=1,
        le=90,
        description="Per cent of a database's storage, or a replica's, of which no more is free.",
    )

    def problems(self, document: Any) -> Iterator[Problem]:
        """Topics that nobody describes, and alarms of nothing."""
        for index, topic in enumerate(self.to):
            if topic.startswith("topic/") and topic.partition("/")[2] not in document.topics:
                known = ", ".join(f"topic/{name}" for name in document.topics)
                way_out = f"Name one of: {known}" if known else "Describe it there, or name one by its ARN"
                yield Problem(f"alarms.to.{index}", f"there is no {topic} in the section topics", way_out)
        if not any(True for _ in self.parts(document)):
            why = "there's nothing that they could be of: servers behind balancers, APIs, functions or databases"
            yield Problem("alarms", why, "Take the section out")

    def parts(self, document: Any) -> Iterator[Part]:
        """An alarm for each thing that can be unwell."""
        yield from self._balancers(document)
        if self.server_errors is not None:
            for name, api in document.apis.items():
                rest = api.kind == "rest"
                # A REST API's metrics go by its name in AWS, those of other kinds by its id.
                of = {"ApiName": f"{document.name}--{name}"} if rest else {"ApiId": text(Id(f"http-api/{name}"))}
                metric = {"rest": "5XXError", "http": "5xx", "websocket": "IntegrationError"}[api.kind]
                yield self._sum(f"api-{name}-errors", "AWS/ApiGateway", metric, of, "server_errors")
        if self.function_errors is not None:
            for name in document.functions:
                of = {"FunctionName": name_in(Id(f"function/{name}"))}
                yield self._sum(f"function-{name}-errors", "AWS/Lambda", "Errors", of, "function_errors")
        if self.database_storage is not None:
            for name, database in document.databases.items():
                yield self._nearly_full("database", name, database.storage, self.database_storage)
                for called, replica in database.replicas.items():
                    storage = replica.storage or database.storage
                    yield self._nearly_full("database-replica", f"{name}-{called}", storage, self.database_storage)

    def _balancers(self, document: Any) -> Iterator[Part]:
        for front, balancer in document.balancers.items():
            space = SPACES[balancer.kind]
            for target in balancer.targets():
                if balancer.kind == "classic":
                    of: dict[str, Any] = {"LoadBalancerName": text(Id(f"classic-balancer/{front}"))}
                else:
                    of = {
                        "LoadBalancer": behind("loadbalancer/", Id(f"load-balancer/{front}")),
                        "TargetGroup": name_in(Id(f"target-group/{front}-{target}")),
                    }
                if self.unhealthy_servers is not None:
                    yield Alarm(
                        name=f"balancer-{front}-{target}-unhealthy",
                        where="alarms.unhealthy_servers",
                        namespace=space,
                        metric="UnHealthyHostCount",
                        dimensions=of,
                        statistic="Maximum",
                        period=MINUTE,
                        threshold=self.unhealthy_servers,
                        comparison="GreaterThanOrEqualToThreshold",
                        topics=self._topics(),
                    )
                if self.server_errors is not None and (metric := ERRORS.get(balancer.kind)):
                    yield self._sum(f"balancer-{front}-{target}-errors", space, metric, of, "server_errors")

    def _nearly_full(self, kind: str, name: str, storage: int, left: int) -> Alarm:
        """An alarm on what is left of the GiB that a database or a replica has, in per cent of them."""
        return Alarm(
            name=f"{kind.removeprefix('database-')}-{name}-storage",
            where="alarms.database_storage",
            namespace="AWS/RDS",
            metric="FreeStorageSpace",
            dimensions={"DBInstanceIdentifier": name_in(Id(f"{kind}/{name}"))},
            period=MINUTE,
            threshold=storage * GIB * left / 100,
            comparison="LessThanOrEqualToThreshold",
            topics=self._topics(),
        )

    def _sum(self, name: str, namespace: str, metric: str, of: dict[str, Any], field: str) -> Alarm:
        """An alarm on how often something happened in five minutes, by a field; no data is no failure."""
        return Alarm(
            name=name,
            where=f"alarms.{field}",
            namespace=namespace,
            metric=metric,
            dimensions=of,
            statistic="Sum",
            period=FIVE,
            periods=1,
            threshold=getattr(self, field),
            comparison="GreaterThanOrEqualToThreshold",
            missing="notBreaching",
            topics=self._topics(),
        )

    def _topics(self) -> tuple[Any, ...]:
        return tuple(Id(one) if one.startswith("topic/") else one for one in self.to)
