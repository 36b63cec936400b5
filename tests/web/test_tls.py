"""TLS by certificate files: the page and its API over https, its cookie marked secure; files of no use are said."""

from __future__ import annotations

import ssl
import subprocess
from pathlib import Path

import aiohttp
import pytest
from prometheus_client import CollectorRegistry

from monitor.adapters.web.server import WebServerError, serving, tls_context
from monitor.domain.account import Grant, Role
from tests.web.site import API, PASSWORD, Client, Site, running_site


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("tls")
    certificate, key = folder / "cert.pem", folder / "key.pem"
    names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-days", "2"]
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    subprocess.run([*command, "-keyout", key, "-out", certificate, *names], check=True, capture_output=True)
    return certificate, key


async def test_a_login_over_tls_has_a_secure_cookie(site: Site, certificate: tuple[Path, Path]) -> None:
    await site.account("li", Grant(Role.VIEWER))
    context = tls_context(*map(str, certificate))
    trust = ssl.create_default_context(cafile=str(certificate[0]))
    mounts = site.service._page.mounts()
    async with serving(
        CollectorRegistry(), str, host="127.0.0.1", port=0, problems=list, mounts=mounts, tls=context
    ) as port:
        base = f"https://127.0.0.1:{port}"
        async with aiohttp.ClientSession() as session:
            async with session.get(base + "/", ssl=trust) as answer:
                assert "Strict-Transport-Security" in answer.headers
            body = {"name": "li", "password": PASSWORD}
            async with session.post(base + API + "/session", json=body, ssl=trust) as answer:
                assert answer.status == 200
                assert "Secure" in answer.headers["Set-Cookie"]
            with pytest.raises(aiohttp.ClientConnectionError):
                await session.get(f"http://127.0.0.1:{port}/")
    assert context.minimum_version >= ssl.TLSVersion.TLSv1_2


def test_files_of_no_use_are_said(certificate: tuple[Path, Path], tmp_path: Path) -> None:
    for files in ((tmp_path / "none.pem", certificate[1]), (certificate[1], certificate[0])):
        with pytest.raises(WebServerError, match=r"web\.certificate or web\.key cannot be used"):
            tls_context(*map(str, files))


async def test_a_proxy_of_ours_is_believed_and_nobody_else(tmp_path: Path, sqlite_template: Path) -> None:
    told = {"X-Forwarded-For": "203.0.113.7, 10.1.1.1", "X-Forwarded-Proto": "https"}
    for proxied, proxies in ((True, "127.0.0.1"), (True, "10.9.9.9"), (False, "127.0.0.1")):
        folder = tmp_path / f"{proxied}-{proxies}"
        folder.mkdir()
        settings = f'[web]\nproxied = {str(proxied).lower()}\nhosts = ["monitor.example"]\nproxies = ["{proxies}"]\n'
        async with running_site(folder, sqlite_template, settings=settings) as site, Client(site) as client:
            headers = {**told, "Host": "monitor.example"}
            wrong = {"name": "nobody", "password": "wrong password"}
            assert (await client.call("POST", "/session", wrong, headers=headers))[0] == 401
            assert (await client.call("GET", "/session"))[0] == 421, "only the names of the settings"
            [entry] = await site.access.audit.entries(action="login")
            assert entry.address == ("10.1.1.1" if proxied and proxies == "127.0.0.1" else "127.0.0.1")
