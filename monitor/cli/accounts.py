"""`vidnet user` and `vidnet token`: who may see and do what; passwords come from a prompt or standard input only."""

from __future__ import annotations

import getpass
import json
import sys
from datetime import datetime
from typing import Annotated, Any

import typer
from rich.table import Table

from monitor.adapters.passwords import totp_uri
from monitor.app.access import access
from monitor.cli.common import (
    MISUSED,
    ConfigOption,
    JsonOption,
    fail,
    load_settings,
    run_coroutine,
    wide_console,
)
from monitor.domain.account import Account, Grant, Right, Role
from monitor.domain.author import unverified
from monitor.services.account_desk import AccountDesk, AccountError, Doer

NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="账号名 · the account's name")]
RoleOption = Annotated[Role, typer.Option(help="角色 · the role")]
RegionOption = Annotated[
    str | None, typer.Option(metavar="CODE", help="区划及下级，默认全市 · this region and below, else the city")
]
OrganisationOption = Annotated[str, typer.Option(help="维护单位 · whose work orders, for a contractor")]


def add_user(
    name: NameArgument,
    config: ConfigOption,
    role: RoleOption,
    region: RegionOption = None,
    organisation: OrganisationOption = "",
) -> None:
    """新增账号，口令从提示或标准输入读取 · add an account; the password is asked for, or read from standard input.

    Example: `vidnet user add 张三 --role reporter --region 370783 -c vidnet.toml`
    """
    password = _ask()
    made: Account = _with_desk(
        config, lambda desk: desk.add(name, password, [Grant(role, region, organisation)], by=_doer())
    )
    print(f"已新增账号 {made.name} · added {made.name}")


def list_users(config: ConfigOption, as_json: JsonOption = False) -> None:
    """列出账号 · list accounts.

    Example: `vidnet user list -c vidnet.toml`
    """
    found: list[Account] = _with_desk(config, lambda desk: desk.accounts())
    zone = load_settings(config).zone()
    rows = [
        {
            "name": each.name,
            "grants": [
                {"role": grant.role.value, "region": grant.region, "organisation": grant.organisation}
                for grant in each.grants
            ],
            "totp": bool(each.totp),
            "disabled": each.disabled,
            "created_at": datetime.fromtimestamp(each.created_at, zone).isoformat(),
        }
        for each in found
    ]
    if as_json:
        print(json.dumps(rows, ensure_ascii=False))
        return
    table = Table("账号 name", "角色与区划 grants", "第二因素 totp", "停用 disabled", "建于 created")
    for row, each in zip(rows, found, strict=True):
        grants = ", ".join(
            f"{g.role}@{g.region or '*'}{' ' + g.organisation if g.organisation else ''}" for g in each.grants
        )
        table.add_row(each.name, grants, _yes(each.totp), _yes(each.disabled), str(row["created_at"]))
    wide_console().print(table)


def grant(
    name: NameArgument,
    config: ConfigOption,
    role: RoleOption,
    region: RegionOption = None,
    organisation: OrganisationOption = "",
) -> None:
    """授予角色 · give an account one more role on a region.

    Example: `vidnet user grant 张三 --role operator --region 370783 -c vidnet.toml`
    """
    added = Grant(role, region, organisation)
    _with_desk(config, lambda desk: _regrant(desk, name, add=added))
    print(f"{name}: + {role} {region or '*'}")


def revoke(
    name: NameArgument,
    config: ConfigOption,
    role: RoleOption,
    region: RegionOption = None,
) -> None:
    """收回角色 · take a role on a region away from an account.

    Example: `vidnet user revoke 张三 --role operator --region 370783 -c vidnet.toml`
    """
    _with_desk(config, lambda desk: _regrant(desk, name, take=(role, region)))
    print(f"{name}: - {role} {region or '*'}")


def set_password(name: NameArgument, config: ConfigOption) -> None:
    """更换口令，全部会话随即结束 · change a password; all sessions end.

    Example: `vidnet user password 张三 -c vidnet.toml`
    """
    password = _ask()
    _with_desk(config, lambda desk: desk.set_password(name, password, by=_doer()))
    print(f"已更换 {name} 的口令 · the password of {name} is changed")


def set_totp(
    name: NameArgument,
    config: ConfigOption,
    off: Annotated[bool, typer.Option("--off", help="取消 · take it away")] = False,
) -> None:
    """启用第二因素（TOTP），显示一次 · give an account a second factor; it is shown once.

    Example: `vidnet user totp 张三 -c vidnet.toml`
    """
    secret: str = _with_desk(config, lambda desk: desk.set_totp(name, on=not off, by=_doer()))
    print(totp_uri(name, secret) if secret else f"{name}: 第二因素已取消 · no second factor any more")


def disable(name: NameArgument, config: ConfigOption) -> None:
    """停用账号，会话与令牌随即失效 · disable an account, its sessions and tokens.

    Example: `vidnet user disable 张三 -c vidnet.toml`
    """
    _with_desk(config, lambda desk: desk.set_disabled(name, True, by=_doer()))
    print(f"已停用 {name} · {name} is disabled")


def enable(name: NameArgument, config: ConfigOption) -> None:
    """恢复停用的账号 · enable a disabled account again.

    Example: `vidnet user enable 张三 -c vidnet.toml`
    """
    _with_desk(config, lambda desk: desk.set_disabled(name, False, by=_doer()))
    print(f"已恢复 {name} · {name} is enabled")


def add_token(
    account: NameArgument,
    config: ConfigOption,
    label: Annotated[str, typer.Option(help="用途 · what it is for")],
    days: Annotated[int, typer.Option(min=1, help="有效天数 · for how many days")] = 90,
    right: Annotated[
        list[Right] | None, typer.Option(help="限于此权利，可多次 · only this right, may be repeated")
    ] = None,
    region: RegionOption = None,
    as_json: JsonOption = False,
) -> None:
    """新增接口令牌，只显示一次 · make a token for programs; it is shown this once.

    Example: `vidnet token add 张三 --label 周报脚本 --right read --days 90 -c vidnet.toml`
    """
    token, secret = _with_desk(
        config,
        lambda desk: desk.add_token(account, label=label, days=days, rights=right or (), region=region, by=_doer()),
    )
    zone = load_settings(config).zone()
    expires = datetime.fromtimestamp(token.expires_at, zone).isoformat()
    if as_json:
        print(json.dumps({"id": token.id, "token": secret, "expires_at": expires}))
        return
    print(secret)
    print(f"{token.id}，{expires} 失效，不再显示 · works until then, and is not shown again", file=sys.stderr)


def list_tokens(config: ConfigOption, as_json: JsonOption = False) -> None:
    """列出令牌，不含其内容 · list tokens, without their secrets.

    Example: `vidnet token list -c vidnet.toml`
    """
    found = _with_desk(config, lambda desk: desk.tokens())
    zone = load_settings(config).zone()

    def when(at: int | None) -> str | None:
        return None if at is None else datetime.fromtimestamp(at, zone).isoformat()

    rows = [
        {
            "id": each.id,
            "account": each.account,
            "label": each.label,
            "rights": [right.value for right in each.rights],
            "region": each.region,
            "expires_at": when(each.expires_at),
            "revoked_at": when(each.revoked_at),
            "used_at": when(each.used_at),
        }
        for each in found
    ]
    if as_json:
        print(json.dumps(rows, ensure_ascii=False))
        return
    table = Table(
        "编号 id",
        "账号 account",
        "用途 label",
        "权利 rights",
        "区划 region",
        "失效 expires",
        "吊销 revoked",
        "用过 used",
    )
    for row in rows:
        cells = {**row, "rights": ", ".join(row["rights"])}
        table.add_row(*("–" if value in (None, "") else str(value) for value in cells.values()))
    wide_console().print(table)


def revoke_token(
    token_id: Annotated[str, typer.Argument(metavar="ID", help="令牌编号 · the token's id")], config: ConfigOption
) -> None:
    """吊销令牌 · make a token work no longer.

    Example: `vidnet token revoke T0123456789 -c vidnet.toml`
    """
    _with_desk(config, lambda desk: desk.revoke_token(token_id, by=_doer()))
    print(f"已吊销 {token_id} · {token_id} is revoked")


async def _regrant(
    desk: AccountDesk, name: str, *, add: Grant | None = None, take: tuple[Role, str | None] | None = None
) -> None:
    found = [each for each in await desk.accounts() if each.name == name]
    if not found:
        raise AccountError([f"没有账号 {name} · there is no account {name}"])
    grants = [each for each in found[0].grants if (each.role, each.region) != take]
    if take is not None and len(grants) == len(found[0].grants):
        raise AccountError([f"{name} 没有该角色 · {name} has no such role there"])
    await desk.set_grants(name, [*grants, *([] if add is None else [add])], by=_doer())


def _with_desk(config: Any, work: Any) -> Any:
    settings = load_settings(config)

    async def run() -> Any:
        async with access(settings, folder=config.parent) as found:
            return await work(found.desk)

    return run_coroutine(run())


def _doer() -> Doer:
    """Whoever has a shell here: the name of the system's account, which nobody of ours checked."""
    return Doer(unverified(getpass.getuser()), "cli")


def _ask() -> str:
    if sys.stdin.isatty():
        password: str = typer.prompt("口令 password", hide_input=True, confirmation_prompt="再输一次 once more")
        return password
    lines = [line.rstrip("\r\n") for line in sys.stdin.readlines()]
    if len(lines) != 1:
        fail(MISUSED, "标准输入须为一行口令 · standard input must be one line, the password")
    return lines[0]


def _yes(value: object) -> str:
    return "✔" if value else "–"
