"""A private mosquitto with the shipped configuration: its own certificates, passwords and folder, on a free port."""

from __future__ import annotations

import re
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.programs import need_program

CONFIG = Path(__file__).parent.parent / "config" / "mosquitto"


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


def make_certificates(folder: Path) -> None:
    """Make a CA, a broker's certificate for localhost and 127.0.0.1, and a CA that signed nothing."""
    folder.mkdir(exist_ok=True)

    def openssl(*arguments: str) -> None:
        subprocess.run([need_program("openssl"), *arguments], cwd=folder, check=True, capture_output=True)

    for name in ("ca", "other-ca"):
        subject = ("-subj", f"/CN=test {name}", "-days", "2", "-nodes")
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", *subject, "-keyout",
                f"{name}.key", "-out", f"{name}.crt")  # fmt: skip
    (folder / "names").write_text("subjectAltName=DNS:localhost,IP:127.0.0.1")
    for name in ("broker", "client"):
        openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-subj", f"/CN={name}", "-nodes",
                "-keyout", f"{name}.key", "-out", f"{name}.csr")  # fmt: skip
        openssl("x509", "-req", "-in", f"{name}.csr", "-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial",
                "-days", "2", "-extfile", "names", "-out", f"{name}.crt")  # fmt: skip


@dataclass
class MosquittoServer:
    """A broker; `plain` has no TLS, `more` are lines of configuration added to the shipped ones."""

    folder: Path
    users: Mapping[str, str]
    plain: bool = True
    more: tuple[str, ...] = ()
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    def write(self) -> None:
        text = (CONFIG / "mosquitto.conf").read_text(encoding="utf-8")
        text = text.replace("listener 8883", f"listener {self.port} 127.0.0.1")
        text = text.replace("/etc/mosquitto/certs", str(self.folder / "certs"))
        text = text.replace("/etc/mosquitto", str(self.folder)).replace("/var/lib/mosquitto/", f"{self.folder}/data/")
        if self.plain:
            text = re.sub(r"^(cafile|certfile|keyfile) .*$", "", text, flags=re.MULTILINE)
        else:
            make_certificates(self.folder / "certs")
        (self.folder / "data").mkdir(exist_ok=True)
        shutil.copy(CONFIG / "vidnet.acl", self.folder / "vidnet.acl")
        passwords = self.folder / "vidnet.passwd"
        passwords.touch()
        for user, password in self.users.items():
            command = [need_program("mosquitto_passwd", package="mosquitto"), "-b", str(passwords), user, password]
            subprocess.run(command, check=True, capture_output=True)
        for path in (self.folder, self.folder / "data", passwords, self.folder / "vidnet.acl"):
            path.chmod(0o777 if path.is_dir() else 0o644)
        # As root mosquitto would become the user mosquitto, which may not enter a test's folder.
        (self.folder / "mosquitto.conf").write_text("\n".join(["user root", text, *self.more]), encoding="utf-8")

    def start(self) -> None:
        log = (self.folder / "log").open("ab")
        command = [need_program("mosquitto"), "-c", str(self.folder / "mosquitto.conf")]
        self.process = subprocess.Popen(command, stdout=log, stderr=log)
        log.close()
        until = time.monotonic() + 10
        while time.monotonic() < until:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            if self.process.poll() is not None:
                break
            time.sleep(0.02)
        raise RuntimeError((self.folder / "log").read_text(errors="replace"))

    def kill(self) -> None:
        """End it as a power cut would."""
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(timeout=10)


@contextmanager
def running_mosquitto(
    folder: Path, users: Mapping[str, str], *, plain: bool = True, more: tuple[str, ...] = ()
) -> Iterator[MosquittoServer]:
    server = MosquittoServer(folder, users, plain=plain, more=more)
    server.write()
    server.start()
    try:
        yield server
    finally:
        server.stop()
