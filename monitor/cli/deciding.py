"""What the commands share that propose and decide: who does it, why, on which paper, and when."""

from __future__ import annotations

from datetime import tzinfo
from pathlib import Path
from typing import Annotated

import typer

from monitor.adapters.files.instants import read_instant
from monitor.cli.common import MISUSED, fail
from monitor.domain.author import unverified

AsOption = Annotated[
    str, typer.Option("--as", metavar="NAME", help="操作人（记为未核实） · who does it, recorded as unverified")
]
ReasonOption = Annotated[str, typer.Option("--reason", help="原因 · why")]
DocumentOption = Annotated[str, typer.Option("--document", help="文号 · document number")]
AttachmentOption = Annotated[
    Path | None, typer.Option("--attachment", metavar="FILE", help="附件，只记摘要 · only its sha256 is kept")
]
NoteOption = Annotated[str, typer.Option("--note", help="说明 · a note")]
RefusalOption = Annotated[str, typer.Option("--note", help="理由 · why")]


def author_of(name: str) -> str:
    """Give the author of a name that nobody checked, or end with a message."""
    try:
        return unverified(name)
    except ValueError:
        fail(MISUSED, "--as 不能为空 · --as needs a name")


def instant_of(text: str, zone: tzinfo) -> int:
    """Give the epoch second of a written instant, or end with a message."""
    try:
        return read_instant(text, zone=zone)
    except ValueError as error:
        fail(MISUSED, str(error))
