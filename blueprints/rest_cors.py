"""What a REST API answers to browsers that ask whether a page of another origin may call it.

https://docs.aws.amazon.com/apigateway/latest/developerguide/how-to-cors.html
"""

from blueprints.http_apis import Cors
from blueprints.rest_apis import Answer, Method

ALLOW = "Access-Control-Allow-"


def cors_headers(cors: Cors) -> dict[str, str]:
    """Of an answer to a page. A text that is meant as it stands is quoted."""
    said = {f"{ALLOW}Origin": _quoted(cors.origins[0])}
    if cors.credentials:
        said[f"{ALLOW}Credentials"] = "'true'"
    if cors.expose:
        said["Access-Control-Expose-Headers"] = _quoted(*cors.expose)
    return said


def cors_answer(cors: Cors | None) -> dict[str, str]:
    """The same, where there's anything to be said."""
    return cors_headers(cors) if cors else {}


def cors_method(path: str, cors: Cors) -> Method:
    """The method that browsers ask before, which nobody stands behind."""
    headers = {
        f"{ALLOW}Methods": _quoted(*cors.methods),
        **({f"{ALLOW}Headers": _quoted(*cors.headers)} if cors.headers else {}),
        **({"Access-Control-Max-Age": _quoted(str(cors.max_age))} if cors.max_age else {}),
    }
    return Method(
        key=f"OPTIONS {path}",
        to="mock",
        custom=True,
        templates={"application/json": '{"statusCode": 200}'},
        answers=(Answer(status=200, headers=cors_headers(cors) | headers),),
    )


def _quoted(*texts: str) -> str:
    return f"'{','.join(texts)}'"
