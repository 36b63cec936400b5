"""Every way to a receiver against a real one: what arrives, and the name that each failure gets."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import socket
from dataclasses import replace
from pathlib import Path

import pytest

from monitor.adapters.notify.alertmanager import AlertmanagerNotifier
from monitor.adapters.notify.apprise import AppriseNotifier, AppriseUrlError
from monitor.adapters.notify.spool import SpoolNotifier
from monitor.adapters.notify.syslog import SyslogNotifier
from monitor.adapters.notify.webhook import WebhookNotifier, signature
from monitor.domain.alert import Severity, Telling
from monitor.domain.notification import Message, Parcel, Waiting
from monitor.ports import Notifier, NotifyError
from tests.servers import free_port
from tests.sinks import http_sink, smtp_sink

T0 = 1_767_225_600
SHARED, OTHERS = "shared-key", "of-somebody-else"


def parcel(*, telling: Telling = Telling.RAISED) -> Parcel:
    message = Message(
        key=f"A1:{telling}:1",
        telling=telling,
        alert="A1",
        rule="online-county",
        severity=Severity.CRITICAL,
        at=T0,
        title_zh="【严重】寿光市 在线率 93.80 %",
        body_zh="影响：应在线 5,006 台",
        title_en="[CRITICAL] Shouguang: online rate",
        body_en="Impact: 5,006 devices",
        county="370783",
        place_zh="寿光市",
        place_en="Shouguang",
        subject="370783",
        raised_at=T0 - 60,
        devices=("a", "b"),
    )
    return Parcel((Waiting(7, "duty", message),))


def webhook(url: str, *, timeout_s: float = 1.0) -> WebhookNotifier:
    return WebhookNotifier(url, secret=SHARED, language="zh", timeout_s=timeout_s)


async def failure(notifier: Notifier) -> str:
    with pytest.raises(NotifyError) as caught:
        await notifier.send(parcel())
    await notifier.close()
    return str(caught.value)


async def test_a_webhook_gets_one_signed_document() -> None:
    async with http_sink() as sink:
        notifier = webhook(sink.url)
        await notifier.send(parcel())
        await notifier.send(parcel())
        await notifier.close()
    [document, again] = sink.documents
    assert document == again
    assert (document["title"], document["severity"]) == ("【严重】寿光市 在线率 93.80 %", "critical")
    assert document["messages"][0]["devices"] == ["a", "b"]
    assert sink.headers[0]["Idempotency-Key"] == sink.headers[1]["Idempotency-Key"]
    expected = hmac.new(b"shared-key", sink.bodies[0], hashlib.sha256).hexdigest()
    assert sink.headers[0]["X-Vidnet-Signature"] == f"sha256={expected}"


@pytest.mark.parametrize(
    ("status", "named"),
    [
        (500, "answered 500"),
        (302, "redirects elsewhere (302), which is not followed"),
        (404, "answered 404"),
    ],
)
async def test_what_a_receiver_answers_is_named(status: int, named: str) -> None:
    async with http_sink() as sink:
        sink.status = status
        assert await failure(webhook(sink.url)) == named
        assert sink.refused == 1
        assert str(status) in await failure(
            AppriseNotifier(f"json://127.0.0.1:{sink.port}", language="zh", timeout_s=1)
        )
        assert sink.refused == 2


async def test_a_receiver_that_hangs_or_is_not_there_is_named() -> None:
    async with http_sink() as sink:
        sink.hang = True
        assert await failure(webhook(sink.url, timeout_s=0.2)) == "no answer within 0.2 s"
    assert "no connection" in await failure(webhook(f"http://127.0.0.1:{free_port()}/"))
    gone = AppriseNotifier(f"json://127.0.0.1:{free_port()}", language="zh", timeout_s=1)
    assert "Connection error" in await failure(gone)
    assert "cannot be reached" in await failure(SyslogNotifier(f"tcp://127.0.0.1:{free_port()}", timeout_s=1))


async def test_mail_goes_out_over_smtp_in_both_languages() -> None:
    async with smtp_sink() as sink:
        url = f"mailto://127.0.0.1:{sink.port}/?from=vidnet@city.example&to=duty@city.example&mode=insecure&format=text"
        await AppriseNotifier(url, language="both", timeout_s=5).send(parcel())
    [mail] = sink.mails
    assert mail["Subject"] == "【严重】寿光市 在线率 93.80 %"
    body = mail.get_body(("plain", "html"))
    assert body is not None
    text = body.get_content()
    assert "影响：应在线 5,006 台" in text
    assert "[CRITICAL] Shouguang: online rate" in text


async def test_a_report_goes_along_with_its_mail(tmp_path: Path) -> None:
    book = tmp_path / "report.xlsx"
    book.write_bytes(bytes(range(256)) * 4_000)
    one = parcel().rows[0]
    gone = str(tmp_path / "summary.csv")
    told = Parcel((replace(one, message=replace(one.message, files=(str(book), gone), alone=True)),))
    async with smtp_sink() as mail, http_sink() as hook:
        url = f"mailto://127.0.0.1:{mail.port}/?from=vidnet@city.example&to=duty@city.example&mode=insecure&format=text"
        await AppriseNotifier(url, language="zh", timeout_s=5).send(told)
        notifier = webhook(hook.url)
        await notifier.send(told)
        await notifier.close()
    [[attached]] = [list(each.iter_attachments()) for each in mail.mails]
    assert attached.get_filename() == "report.xlsx"
    assert attached.get_content() == book.read_bytes()
    body = mail.mails[0].get_body(("plain", "html"))
    assert body is not None
    assert "no longer there to attach: summary.csv" in body.get_content()
    [message] = hook.messages
    assert message["files"] == ["report.xlsx", "summary.csv"]
    assert str(tmp_path) not in json.dumps(message)


async def test_alertmanager_gets_the_address_of_a_report_as_an_annotation() -> None:
    one = parcel().rows[0]
    told = Parcel(
        (replace(one, message=replace(one.message, rule="weekly-report", link="https://v.example/#/reports")),)
    )
    async with http_sink() as sink:
        notifier = AlertmanagerNotifier(f"http://127.0.0.1:{sink.port}", resend_s=60, timeout_s=5)
        await notifier.send(told)
        await notifier.send(parcel())
        await notifier.close()
    [report], [alert] = sink.documents
    assert report["labels"]["alertname"] == "VidnetWeeklyReport"
    assert report["annotations"]["link"] == "https://v.example/#/reports"
    assert "link" not in alert["annotations"]


def test_an_address_that_apprise_does_not_know_is_refused_without_repeating_it() -> None:
    with pytest.raises(AppriseUrlError) as caught:
        AppriseNotifier("pigeon://shared-key@coop", language="zh", timeout_s=1)
    assert "shared-key" not in str(caught.value)


async def test_alertmanager_is_told_when_it_began_and_when_it_ends() -> None:
    async with http_sink() as sink:
        notifier = AlertmanagerNotifier(f"http://127.0.0.1:{sink.port}", resend_s=60, timeout_s=1, now=lambda: T0 - 5)
        await notifier.send(parcel())
        await notifier.refresh(parcel().messages)
        await notifier.send(parcel(telling=Telling.CLEARED))
        await notifier.close()
    [[first], [again], [ended]] = sink.documents
    assert first == again
    assert first["labels"] == {
        "alertname": "VidnetOnlineCounty",
        "severity": "critical",
        "county": "370783",
        "subject": "370783",
        "alert": "A1",
    }
    assert (first["startsAt"], first["endsAt"]) == ("2025-12-31T23:59:00Z", "2026-01-01T00:04:00Z")
    assert (ended["labels"], ended["endsAt"]) == (first["labels"], "2026-01-01T00:00:00Z")


async def test_alertmanager_does_not_take_a_message_that_waited_for_one_that_has_ended() -> None:
    async with http_sink() as sink:
        address = f"http://127.0.0.1:{sink.port}"
        notifier = AlertmanagerNotifier(address, resend_s=60, timeout_s=1, now=lambda: T0 + 7_200)
        await notifier.send(parcel())
        await notifier.close()
    [[late]] = sink.documents
    assert late["endsAt"] == "2026-01-01T02:04:00Z"


async def test_syslog_over_udp_and_tcp() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.bind(("127.0.0.1", 0))
        receiver.settimeout(5)
        await SyslogNotifier(f"udp://127.0.0.1:{receiver.getsockname()[1]}", timeout_s=1).send(parcel())
        line = receiver.recv(9_000)
    assert line.startswith(b'<130>1 2026-01-01T00:00:00Z - vidnet - raised [vidnet@32473 key="A1:raised:1" alert="A1"')
    assert line.endswith("【严重】寿光市 在线率 93.80 % / [CRITICAL] Shouguang: online rate".encode())
    got: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        got.set_result(await reader.read())
        writer.close()

    server = await asyncio.start_server(take, "127.0.0.1", 0)
    async with server:
        await SyslogNotifier(f"tcp://127.0.0.1:{server.sockets[0].getsockname()[1]}", timeout_s=1).send(parcel())
        assert await got == b"%d %b" % (len(line), line)


def relay(folder: Path, name: str, body: object, *, secret: str = SHARED) -> None:
    """Do what the relay on the other side does when it has delivered."""
    text = json.dumps(body)
    (folder / "results").mkdir(exist_ok=True)
    signed = {"body": text, "signature": signature(text.encode(), secret)}
    (folder / "results" / name).write_text(json.dumps(signed), encoding="utf-8")


async def test_a_spool_is_signed_files_out_and_signed_results_in(tmp_path: Path) -> None:
    notifier = SpoolNotifier(tmp_path, secret=SHARED, language="zh")
    await notifier.send(parcel())
    await notifier.send(parcel())  # handed over again it has the same name
    [file] = (tmp_path / "out").iterdir()
    assert file.name == "0000000007.json"
    written = json.loads(file.read_text(encoding="utf-8"))
    assert written["signature"] == signature(written["body"].encode(), "shared-key")
    assert json.loads(written["body"])["keys"] == ["A1:raised:1:duty"]

    assert await notifier.results() == []
    relay(tmp_path, "1.json", {"key": "A1:raised:1:duty", "delivered": True})
    relay(tmp_path, "2.json", [{"key": "x", "delivered": False, "error": "SMS gateway full"}])
    relay(tmp_path, "3.json", {"key": "A1:raised:1:duty", "delivered": True}, secret=OTHERS)
    (tmp_path / "results" / "4.json").write_text("{", encoding="utf-8")
    found = await notifier.results()
    assert [(each.key, each.delivered, each.error) for each in found if not each.delivered] == [
        ("x", False, "SMS gateway full")
    ]
    assert [each.key for each in found if each.delivered] == ["A1:raised:1:duty"]
    assert notifier.refused == 2
    assert {path.name for path in (tmp_path / "refused").iterdir()} == {"3.json", "4.json"}
    assert len(await notifier.results()) == 2  # until they are stored they are told again
    await notifier.forget(found)
    assert await notifier.results() == []


async def test_a_spool_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file", encoding="utf-8")
    assert "the spool cannot be written" in await failure(SpoolNotifier(tmp_path, secret=SHARED, language="zh"))
