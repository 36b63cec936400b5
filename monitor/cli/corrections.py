"""`vidnet correct`: a person's decision about an interval of a device, asked for here and approved like any request."""

from __future__ import annotations

import json
from typing import Annotated

import typer
from rich.table import Table

from monitor.adapters.files.instants import written_instant
from monitor.app.decisions import corrections as read_corrections
from monitor.app.decisions import sha256_of
from monitor.cli.common import (
    MISUSED,
    ConfigOption,
    JsonOption,
    errors_as_messages,
    fail,
    load_settings,
    run_coroutine,
    wide_console,
)
from monitor.cli.deciding import AsOption, AttachmentOption, DocumentOption, ReasonOption, author_of, instant_of
from monitor.cli.requests import propose
from monitor.domain.author import shown
from monitor.domain.facts import Axis, Correction, Party
from monitor.domain.request import Request, RequestKind
from monitor.domain.state import Cause, Connectivity


def propose_correction(
    config: ConfigOption,
    devices: Annotated[list[str], typer.Option("--device", metavar="ID", help="设备，可多个 · devices")],
    start: Annotated[str, typer.Option("--from", metavar="WHEN", help="开始 · from")],
    until: Annotated[str, typer.Option("--to", metavar="WHEN", help="结束 · to")],
    reason: ReasonOption,
    author: AsOption,
    state: Annotated[
        str | None,
        typer.Option(
            help="该时段的状态；只改责任方时默认 offline · how it stood; offline where only the party is named"
        ),
    ] = None,
    axis: Annotated[Axis, typer.Option(help="联通或完好 · connectivity or condition")] = Axis.CONNECTIVITY,
    party: Annotated[Party, typer.Option(help="责任方 · who is responsible")] = Party.UNDECIDED,
    document: DocumentOption = "",
    attachment: AttachmentOption = None,
    as_json: JsonOption = False,
) -> None:
    """申请更正一段时间的状态或责任方 · ask to correct how an interval stood, or whose it was.

    Example: `vidnet correct propose -c vidnet.toml --device ID --from "2026-11-24 08:00" --to "2026-11-24 09:30"
    --party carrier --reason 运营商断纤 --as 张三`
    """
    zone = load_settings(config).zone()
    if state is None:
        if party is Party.UNDECIDED or axis is not Axis.CONNECTIVITY:
            fail(MISUSED, "须指明状态 --state 或责任方 --party · name the state or the party")
        state = Connectivity.OFFLINE.value
    with errors_as_messages():
        digest = sha256_of(attachment)
    edges = [instant_of(text, zone) for text in (start, until)]
    asked = [
        Request(
            id="",
            kind=RequestKind.CORRECTION,
            entity="device",
            entity_id=device,
            reason=reason,
            proposer="",
            correction=Correction(device, axis, edges[0], edges[1], state, Cause.DECISION, by_person=True, party=party),
            document=document,
            attachment=digest,
            author=author_of(author),
        )
        for device in dict.fromkeys(devices)
    ]
    propose(config, asked, as_json=as_json)


def withdraw_correction(
    config: ConfigOption,
    numbers: Annotated[list[str], typer.Argument(metavar="SEQ…", help="更正的序号 · seqs of corrections")],
    reason: ReasonOption,
    author: AsOption,
    document: DocumentOption = "",
    as_json: JsonOption = False,
) -> None:
    """申请撤销更正 · ask to withdraw corrections of persons; `correct list` tells their seqs.

    Example: `vidnet correct withdraw -c vidnet.toml 4711 --reason 查明为设备故障 --as 张三`
    """
    asked = [
        Request(
            id="",
            kind=RequestKind.WITHDRAWAL,
            entity="correction",
            entity_id=number,
            reason=reason,
            proposer="",
            document=document,
            author=author_of(author),
        )
        for number in dict.fromkeys(numbers)
    ]
    propose(config, asked, as_json=as_json)


def list_corrections(
    config: ConfigOption,
    device: Annotated[str | None, typer.Option(metavar="ID", help="只看一台设备 · only of one device")] = None,
    with_automatic: Annotated[bool, typer.Option("--all", help="含自动更正 · automatic ones too")] = False,
    as_json: JsonOption = False,
) -> None:
    """列出更正 · list corrections that hold or were withdrawn.

    Example: `vidnet correct list -c vidnet.toml --device ID`
    """
    settings = load_settings(config)
    zone = settings.zone()
    found = run_coroutine(read_corrections(settings, folder=config.parent, device_id=device))
    rows = [each for each in found if each.by_person or with_automatic]
    if as_json:
        print(
            json.dumps(
                [
                    {
                        "seq": each.seq,
                        "device_id": each.device_id,
                        "axis": each.axis,
                        "start": written_instant(each.start, zone=zone),
                        "end": written_instant(each.end, zone=zone),
                        "state": each.state,
                        "party": each.party,
                        "by_person": each.by_person,
                        "withdrawn": each.withdrawn,
                        "author": each.author,
                        "approved_by": each.approved_by,
                        "reason": each.reason,
                        "document": each.document,
                    }
                    for each in rows
                ],
                ensure_ascii=False,
            )
        )
        return
    table = Table(
        *("序号\nseq", "设备\ndevice", "开始\nfrom", "结束\nto", "状态\nstate", "责任方\nparty", "原因\nreason"),
        *("申请人\nproposer", "审批\napprover", "文号\ndocument", "备注\nnote"),
    )
    for each in rows:
        table.add_row(
            str(each.seq),
            each.device_id,
            written_instant(each.start, zone=zone),
            written_instant(each.end, zone=zone),
            f"{each.axis} {each.state}",
            each.party,
            each.reason,
            shown(each.author),
            shown(each.approved_by),
            each.document,
            "已撤销 withdrawn" if each.withdrawn else "",
        )
    wide_console().print(table)
