"""Posting JSON to a receiver, and naming what goes wrong: a redirect is never followed, an answer not read."""

from __future__ import annotations

import aiohttp

from monitor.ports import NotifyError


class JsonPost:
    """One address that JSON is posted to; connections are kept and closed with `close`."""

    def __init__(self, url: str, *, timeout_s: float) -> None:
        self._url = url
        self._timeout_s = timeout_s
        self._session: aiohttp.ClientSession | None = None

    async def post(self, body: bytes, *, headers: dict[str, str] | None = None) -> None:
        """Post a body.

        Raises:
            NotifyError: no answer, no connection, or a status that is not 2xx; the text holds no address and no secret.
        """
        if self._session is None:
            timeout = aiohttp.ClientTimeout(total=self._timeout_s)
            self._session = aiohttp.ClientSession(timeout=timeout, headers={"User-Agent": "vidnet"})
        sent = {"Content-Type": "application/json; charset=utf-8", **(headers or {})}
        try:
            async with self._session.post(self._url, data=body, headers=sent, allow_redirects=False) as answer:
                status = answer.status
        except TimeoutError as error:
            raise NotifyError(f"no answer within {self._timeout_s:g} s") from error
        except aiohttp.ClientConnectorCertificateError as error:
            raise NotifyError("its TLS certificate is not trusted") from error
        except aiohttp.ClientConnectorError as error:
            raise NotifyError(f"no connection: {error.os_error.strerror or 'refused'}") from error
        except (aiohttp.ClientError, OSError) as error:
            raise NotifyError(f"the connection failed: {type(error).__name__}") from error
        if 300 <= status < 400:
            raise NotifyError(f"redirects elsewhere ({status}), which is not followed")
        if not 200 <= status < 300:
            raise NotifyError(f"answered {status}")

    async def close(self) -> None:
        """Let go of connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None
