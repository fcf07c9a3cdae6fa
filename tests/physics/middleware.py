"""The WSGI application around moto: each call is logged, judged, carried out and answered here."""

import contextlib
import threading
import traceback
from collections.abc import Callable, Iterable
from http.client import responses
from typing import Any

from moto.core.exceptions import ServiceException
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.exceptions import HTTPException

from tests.physics import apps, catalogue, doors, gaps, permissions, refusals, rules, slow, tokens, visibility
from tests.physics.answers import Answer, Dropped, Refused, error
from tests.physics.faults import Faults
from tests.physics.hooks import AFTER, BEFORE, DURING, INSTEAD, hooks_of
from tests.physics.log import Call, Log
from tests.physics.protocol import Request, body_of, parse
from tests.physics.rules import Rules
from tests.physics.world import World

EFFECTS = (apps, catalogue, doors, gaps, permissions, refusals, slow, tokens, visibility)
"""In force by being imported."""

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
Admin = Callable[[str, str, bytes], Answer]


class Middleware:
    """Moto, behind AWS's manners. One call at a time reaches moto, which has no locks of its own: what a refusal has
    looked up still holds when the call is carried out."""

    def __init__(self, world: World, log: Log, orders: Rules, faults: Faults, admin: Admin) -> None:
        self.world, self.log, self.orders, self.faults, self.admin = world, log, orders, faults, admin
        self.moto = DomainDispatcherApplication(create_backend_app)
        self.lock = threading.RLock()

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        body, path = body_of(environ), environ["PATH_INFO"]
        if len(body) < int(environ.get("CONTENT_LENGTH") or 0):
            raise Dropped("cut off")  # whoever sent it has died within it
        if path.startswith("/physics/"):
            answer = self.admin(environ["REQUEST_METHOD"], path.removeprefix("/physics/"), body)
        elif path.startswith("/moto-api"):
            with self.lock:
                answer = collect(self.moto, environ)
        else:
            answer = self.answer(parse(environ, body), environ)
        start_response(f"{answer.status} {responses.get(answer.status, '')}", answer.headers)
        return [answer.body]

    def answer(self, request: Request, environ: Environ) -> Answer:
        """One AWS call from log entry to answer. Raises `Dropped` where the client is to get none."""
        call = self.log.open(request, self.world.clock.now())
        answer, happened = None, False
        try:
            struck = self.orders.struck(request)
            answer, call.injected = rules.strike(struck, "before", request)
            if answer is None:
                answer, call.injected = self.faults.before(request)
            if answer is None:
                answer = self.carry_out(request, environ)
                happened = True
                self.faults.after()
                late, injected = rules.strike(struck, "after", request)
                answer, call.injected = late or answer, injected or call.injected
        except Dropped as drop:
            call.injected = str(drop)
            call.outcome = "lost" if happened else "dropped"
            raise
        finish(call, answer)
        return answer

    def carry_out(self, request: Request, environ: Environ) -> Answer:
        """The call itself, all of it under the lock."""
        with self.lock:
            self.world.timeline.run()
            try:
                return self.judged(request, environ)
            except Refused as refusal:
                return error(request, refusal.code, refusal.message, refusal.status)
            except Exception:  # noqa: BLE001 - whatever breaks inside moto or a hook is the log's to tell
                return crashed(request, traceback.format_exc())

    def judged(self, request: Request, environ: Environ) -> Answer:
        with contextlib.ExitStack() as shapes:
            for shape in hooks_of(DURING, request):
                shapes.enter_context(shape(request, self.world))
            for judge in hooks_of(BEFORE, request):
                with contextlib.suppress(ServiceException, HTTPException):  # moto's own refusals are moto's to word
                    if verdict := judge(request, self.world):
                        return verdict
            for stand_in in hooks_of(INSTEAD, request):
                if replaced := stand_in(request, self.world):
                    return replaced
            answer = collect(self.moto, environ)
        if answer.outcome == "ok":
            for follow_up in hooks_of(AFTER, request):
                answer = follow_up(request, answer, self.world) or answer
        return answer


def finish(call: Call, answer: Answer) -> None:
    call.outcome, call.crash = answer.outcome, answer.crash


def crashed(request: Request, trace: str) -> Answer:
    """Moto broke. The client gets a code that no SDK retries; the log keeps the traceback."""
    last = trace.strip().splitlines()[-1]
    code = "MotoNotImplemented" if last.startswith("NotImplementedError") else "MotoCrash"
    refused = error(request, code, f"{request.service}:{request.operation}: {last}", 501)
    return Answer(refused.status, refused.headers, refused.body, crash=trace)


def collect(app: Any, environ: Environ) -> Answer:
    """Run a WSGI application to its end. Moto's raise what breaks inside them."""
    started: list[Any] = []
    written: list[bytes] = []

    def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Callable[[bytes], None]:
        started[:] = [int(status.split()[0]), headers]
        return written.append

    chunks = app(environ, start_response)
    try:
        body = b"".join([*written, *chunks])
    finally:
        if hasattr(chunks, "close"):
            chunks.close()
    return Answer(started[0], started[1], body)
