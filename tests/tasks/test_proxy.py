"""examples/proxy.yaml: what its servers boot with, read by a real nginx, which fetches pages and an API's answer."""

import subprocess
import time
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

import pytest
import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from blueprints.reading import build
from tasks.registry import KINDS
from tasks.scope import Scope
from tasks.survey import look
from tests.conductor import look_and_plan, raise_all
from tests.flows.server import free_port
from tests.physics import Physics
from tests.topology.programs import program

EXAMPLES = Path(__file__).parents[2] / "examples"
NGINX = program("nginx")
PATIENCE = 30  # seconds
S3 = "s3.eu-west-1.amazonaws.com"


@pytest.mark.skipif(NGINX is None, reason="there's no nginx here: apt-get install nginx-light")
def test_a_real_nginx_fetches_pages_of_the_site_and_answers_of_the_api(
    aws: Physics, scope: Scope, tmp_path: Path
) -> None:
    document, port = yaml.safe_load((EXAMPLES / "proxy.yaml").read_text()), free_port()
    document |= {"name": scope.environment, "balancers": {}}
    document["sites"]["www"]["visibility"] = "public"  # nobody here asks from within the VPC
    document["servers"]["proxies"] |= {"port": port, "count": 0}
    parts = build(document, folder=EXAMPLES).parts()
    raise_all(scope, parts)
    assert look_and_plan(scope, parts).settled
    (api,) = look(scope, KINDS["http-api"], "main")
    host = api.outputs["endpoint"].removeprefix("https://")
    (proxy,) = look(scope, KINDS["launch-template"], "proxies")
    with nginx(booted(scope, proxy.id), port, host, aws.url, tmp_path):
        here = f"http://127.0.0.1:{port}"
        page = (EXAMPLES / "jamstack/site/index.html").read_bytes()
        assert urlopen(f"{here}/").read() == urlopen(f"{here}/index.html").read() == page
        assert urlopen(f"{here}/castra/health").read() == b"up\n"
        assert urlopen(f"{here}/api/greeting/Marcus?loud=1").read() == f"{host} /greeting/Marcus?loud=1".encode()
        for wrong, code in (
            (f"{here}/gone.html", 404),
            (f"{here}/.castra/releases.json.gz", 404),
            (Request(f"{here}/index.html", method="DELETE"), 405),
        ):
            with pytest.raises(HTTPError, match=str(code)) as refused:
                urlopen(wrong)
            refused.value.close()


def booted(scope: Scope, template: str) -> str:
    """nginx's configuration, out of what the template's servers boot with."""
    asked = {"LaunchTemplateId": template, "Versions": ["$Default"]}
    (version,) = scope.ec2.describe_launch_template_versions(**asked)["LaunchTemplateVersions"]
    script = b64decode(version["LaunchTemplateData"]["UserData"]).decode()
    assert script.startswith("#!/bin/sh\n")
    subprocess.run(["sh", "-n"], input=script, text=True, check=True)
    return script.partition("<<'CASTRA'\n")[2].partition("\nCASTRA\n")[0]


@contextmanager
def nginx(configuration: str, port: int, api: str, aws: str, folder: Path) -> Iterator[None]:
    """Run it: its files are in a folder, and S3 and the API are found on this machine, by TLS and their own names."""
    folder.chmod(0o755)
    behind, files = free_port(), {}
    for name in (S3, api):
        files[name] = certified(name, folder)
    upstreams = "".join(f"upstream {name} {{ server 127.0.0.1:{behind}; }}\n" for name in files)
    temporary = "".join(
        f"{what}_temp_path {folder}/{what};\n" for what in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    servers = "".join(
        f"server {{ listen 127.0.0.1:{behind} ssl; server_name {name};\n"
        f"ssl_certificate {certificate}; ssl_certificate_key {certificate}; {answers}\n}}\n"
        for (name, certificate), answers in zip(
            files.items(),
            (
                f"location / {{ proxy_pass {aws}; proxy_set_header Host $host; }}",
                'location / { return 200 "$host $request_uri"; }',
            ),
            strict=True,
        )
    )
    authority = folder / "ca.crt"
    authority.write_text("".join(file.read_text().partition("-----BEGIN EC")[0] for file in files.values()))
    for old, new in (
        ("/run/nginx.pid", f"{folder}/nginx.pid"),
        ("/var/log/nginx", str(folder)),
        ("/etc/nginx/castra-ca.crt", str(authority)),
        ("http {\n", f"http {{\n{temporary}{upstreams}{servers}"),
    ):
        assert old in configuration
        configuration = configuration.replace(old, new)
    file = folder / "nginx.conf"
    file.write_text(configuration)
    command = [str(NGINX), "-c", str(file), "-p", str(folder)]
    tried = subprocess.run([*command, "-t"], capture_output=True, text=True, check=False)
    assert tried.returncode == 0, tried.stderr
    with subprocess.Popen([*command, "-g", "daemon off;"], stderr=subprocess.DEVNULL) as process:
        try:
            deadline = time.monotonic() + PATIENCE
            while not up(port):
                assert process.poll() is None
                assert time.monotonic() < deadline
                time.sleep(0.05)
            yield
        finally:
            process.terminate()
            process.wait(PATIENCE)


def up(port: int) -> bool:
    try:
        with urlopen(f"http://127.0.0.1:{port}/castra/health") as answer:
            return bool(answer.status == 200)
    except URLError:
        return False


def certified(name: str, folder: Path) -> Path:
    """A certificate for a name, with its key, in one file."""
    key, subject = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    form = serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    file = folder / f"{name}.pem"
    file.write_bytes(certificate.public_bytes(form[0]) + key.private_bytes(*form))
    return file
