"""A spool for closed networks: small signed files in a folder, for a relay on the other side to carry and deliver.

`out/NUMBER.json` is written whole or not at all. The relay writes `results/NAME.json` of the same form, whose body says
`{"key": …, "delivered": true}` for each message it tells of, or why not in `error`. Both hold `{"body": TEXT,
"signature": "sha256=…"}`, the HMAC-SHA256 of the body with the receiver's secret; what is signed otherwise is set aside
in `refused/` and counted.
"""

from __future__ import annotations

import asyncio
import hmac
import os
from collections.abc import Sequence
from pathlib import Path

import msgspec
import structlog

from monitor.adapters.notify.plain import PlainNotifier
from monitor.adapters.notify.webhook import document, signature
from monitor.domain.notification import Parcel
from monitor.ports import NotifyError, SpoolResult

log = structlog.get_logger()

_MOST_BYTES = 1_000_000


class Signed(msgspec.Struct, frozen=True):
    """A text and its signature."""

    body: str
    signature: str


class _Result(msgspec.Struct, frozen=True):
    key: str
    delivered: bool
    error: str = ""


_signed = msgspec.json.Decoder(Signed)
_results = msgspec.json.Decoder(list[_Result] | _Result)


class SpoolNotifier(PlainNotifier):
    """`ports.Notifier` on a folder.

    Args:
        folder: where `out`, `results` and `refused` are.
        secret: what both sides sign with.
        language: "zh", "en" or "both".
    """

    hands_over = True

    def __init__(self, folder: Path, *, secret: str, language: str) -> None:
        self._out, self._in, self._refused = folder / "out", folder / "results", folder / "refused"
        self._secret = secret
        self._language = language
        self.refused = 0

    async def send(self, parcel: Parcel) -> None:
        """Write a parcel; handed over again it has the same name.

        Raises:
            NotifyError: it cannot be written.
        """
        keys = [row.key for row in parcel.rows]
        body = msgspec.json.encode(document(parcel, language=self._language) | {"keys": keys}).decode()
        signed = msgspec.json.encode(Signed(body, signature(body.encode(), self._secret)))
        name = f"{parcel.rows[0].number:010d}.json"
        try:
            await asyncio.to_thread(self._write, name, signed)
        except OSError as error:
            raise NotifyError(f"the spool cannot be written: {error.strerror}") from error

    async def results(self) -> Sequence[SpoolResult]:
        """Give what the relay says."""
        try:
            return await asyncio.to_thread(self._read)
        except OSError as error:
            log.warning("spool.unreadable", error=error.strerror)
            return ()

    async def forget(self, results: Sequence[SpoolResult]) -> None:
        """Take away the files of results that are stored."""
        for source in {result.source for result in results}:
            await asyncio.to_thread(Path(source).unlink, missing_ok=True)

    def _write(self, name: str, signed: bytes) -> None:
        self._out.mkdir(parents=True, exist_ok=True)
        self._in.mkdir(parents=True, exist_ok=True)
        draft = self._out / f".{name}.new"
        with draft.open("wb") as file:
            file.write(signed)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self._out / name)

    def _read(self) -> list[SpoolResult]:
        found: list[SpoolResult] = []
        if not self._in.is_dir():
            return found
        for path in sorted(self._in.glob("*.json")):
            try:
                decoded = self._decoded(path)
            except (ValueError, msgspec.DecodeError) as error:
                self._refuse(path, str(error))
                continue
            told = decoded if isinstance(decoded, list) else [decoded]
            found += [
                SpoolResult(each.key, each.delivered, each.error or "the relay could not deliver it", str(path))
                for each in told
            ]
        return found

    def _decoded(self, path: Path) -> list[_Result] | _Result:
        """Give what a file says.

        Raises:
            ValueError: it is too large, or signed by somebody else.
            msgspec.DecodeError: it is of another form.
        """
        if path.stat().st_size > _MOST_BYTES:
            raise ValueError("too large")
        signed = _signed.decode(path.read_bytes())
        if not hmac.compare_digest(signed.signature, signature(signed.body.encode(), self._secret)):
            raise ValueError("its signature is not ours")
        decoded: list[_Result] | _Result = _results.decode(signed.body)
        return decoded

    def _refuse(self, path: Path, why: str) -> None:
        self._refused.mkdir(exist_ok=True)
        path.replace(self._refused / path.name)
        self.refused += 1
        log.warning("spool.refused", file=path.name, why=why)
