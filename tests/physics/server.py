"""An HTTP server of ours under moto: keep-alive, silent, and able to hang up on a client."""

import contextlib
import socket
import threading
import time
from typing import Any

from moto import backends
from moto.moto_server.werkzeug_app import MotoRequestHandler
from werkzeug.serving import ThreadedWSGIServer

from tests.physics.answers import Dropped

MODULES = frozenset(backends.list_of_moto_modules())
backends.list_of_moto_modules = lambda: MODULES
"""moto reads its own folder from the disk for each request, which takes longer than most answers."""

BODILESS = {"content-length", "transfer-encoding", "connection", "date", "server"}


class Handler(MotoRequestHandler):
    """HTTP/1.1 with keep-alive: the body is read whole and the answer has a length, so the connection stays clean."""

    protocol_version = "HTTP/1.1"
    server: "Server"

    def setup(self) -> None:
        super().setup()
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.server.connections.add(self.connection)

    def finish(self) -> None:
        self.server.connections.discard(self.connection)
        super().finish()

    def run_wsgi(self) -> None:
        self.environ = self.make_environ()
        started: list[Any] = []
        try:
            chunks = self.server.app(
                self.environ, lambda status, headers, exc_info=None: started.extend((status, headers))
            )
            self.reply(started[0], started[1], b"".join(chunks))
        except Dropped:
            self.close_connection = True
            with contextlib.suppress(OSError):
                self.connection.shutdown(socket.SHUT_RDWR)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def date_time_string(self, timestamp: float | None = None) -> str:
        """The Date header is AWS's clock: it moves with `advance`, as do the times at which objects are written."""
        return super().date_time_string((timestamp or time.time()) + self.server.app.world.clock.ahead)

    def reply(self, status: str, headers: list[tuple[str, str]], body: bytes) -> None:
        head = self.command == "HEAD"
        code, _, phrase = status.partition(" ")
        self.send_response(int(code), phrase)
        for name, value in headers:
            if name.lower() not in BODILESS or (head and name.lower() == "content-length"):
                self.send_header(name, value)
        if not head and code not in ("204", "304"):
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(b"" if head else body)

    def log(self, type: str, message: str, *args: Any) -> None:
        """Say nothing: the call log is elsewhere."""


class Server(ThreadedWSGIServer):
    """Serves on 127.0.0.1 from a thread of its own."""

    daemon_threads = True

    def __init__(self, app: Any, port: int = 0) -> None:
        super().__init__("127.0.0.1", port, app, handler=Handler)
        self.connections: set[socket.socket] = set()
        self.thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def start(self) -> None:
        self.thread.start()

    def stop(self) -> None:
        """Stop listening and hang up on whoever is still connected."""
        self.shutdown()
        self.thread.join()
        self.server_close()
        for connection in list(self.connections):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
