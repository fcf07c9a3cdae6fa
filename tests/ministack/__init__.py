"""The second emulator, ministack: it shares no code with the first, and really runs functions, their triggers and APIs.

It pins another botocore than Castra, so `make setup` gives it a virtual environment of its own.
https://github.com/ministackorg/ministack
"""

import os
import ssl
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import httpx
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from tenacity import retry, retry_if_exception_type, stop_after_delay, wait_fixed

from tests.flows.server import free_port

PROGRAM = Path(sys.prefix) / "ministack" / "bin" / "ministack"
ACCOUNT = "123456789012"


@contextmanager
def ministack(certificate: Path | None = None) -> Iterator[str]:
    """Run one on a free port of this machine, until the end of the block; gives its URL.

    With a certificate (a file that has its key, too), it speaks TLS, and judges every call by IAM's policies; only
    who has the account's number for an access key is its root user.
    """
    assert PROGRAM.exists(), f"there's no {PROGRAM}: run `make setup`"
    port = free_port()
    own = {"GATEWAY_PORT": str(port), "BIND_HOST": "127.0.0.1", "MINISTACK_ACCOUNT_ID": ACCOUNT}
    if certificate:
        own |= {"AUTH": "true", "USE_SSL": "1"}
        own |= {"MINISTACK_SSL_CERT": str(certificate), "MINISTACK_SSL_KEY": str(certificate)}
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")} | own
    with tempfile.TemporaryDirectory(prefix="castra-ministack-") as folder:
        with (Path(folder) / "log").open("wb") as log:
            process = subprocess.Popen([PROGRAM], cwd=folder, stdout=log, stderr=log, env=environment)
        try:
            url = f"http{'s' if certificate else ''}://127.0.0.1:{port}"
            wait_for(f"{url}/_ministack/health", certificate)
            yield url
        finally:
            (process.kill if certificate else process.terminate)()  # TLS connections that are kept would hold it up
            process.wait(30)


def certificate_in(folder: Path) -> Path:
    """A certificate for this machine, made anew, in one file with its key: signed by itself, good for a day."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    names = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    made = made.serial_number(x509.random_serial_number()).add_extension(names, critical=False)
    made = made.not_valid_before(now - timedelta(hours=1)).not_valid_after(now + timedelta(days=1))
    format, plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    pem = made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    file = folder / "certificate.pem"
    file.write_bytes(pem + key.private_bytes(serialization.Encoding.PEM, format, plain))
    return file


@retry(
    retry=retry_if_exception_type(httpx.TransportError), stop=stop_after_delay(60), wait=wait_fixed(0.1), reraise=True
)
def wait_for(url: str, certificate: Path | None = None) -> None:
    """Wait until it answers."""
    trusted = ssl.create_default_context(cafile=certificate) if certificate else True
    httpx.get(url, timeout=5, verify=trusted).raise_for_status()
