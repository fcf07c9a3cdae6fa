"""Whether something answers: on a port by TCP, or by HTTP under a path."""

import http.client
import socket

PATIENCE = 5.0  # seconds for one try


def unanswered(address: str, port: int, path: str | None = None, seconds: float = PATIENCE) -> str:
    """Why it doesn't answer; an empty text if it does. Over HTTP, anything under 400 is an answer."""
    try:
        if path is None:
            with socket.create_connection((address, port), timeout=seconds):
                return ""
        connection = http.client.HTTPConnection(address, port, timeout=seconds)
        try:
            connection.request("GET", path, headers={"User-Agent": "castra"})
            status = connection.getresponse().status
        finally:
            connection.close()
    except (OSError, http.client.HTTPException) as error:
        return f"{address}:{port}{path or ''} doesn't answer ({type(error).__name__}: {error})"
    return "" if status < 400 else f"{address}:{port}{path} answers with {status}"
