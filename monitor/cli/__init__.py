"""The command `vidnet`: what people type, and what they see of it, in Chinese and English.

One file a group of commands; exit codes and errors are in `common`.
"""

from __future__ import annotations

import typer

from monitor.cli import credentials, exemptions, figures, looks, service, setup

app = typer.Typer(
    name="vidnet",
    help="城市视频网运行监测 · monitor of a city's video network: online rate, intact rate, coverage.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
)
app.command()(service.run)
app.command()(service.demo)
app.command()(looks.probe)
app.command("sweep")(looks.sweep_command)
app.command()(figures.rates)
app.command()(setup.collectors)
app.command("check-config")(setup.check_config)

credential_app = typer.Typer(help="登录凭据 · what devices are logged in to with", no_args_is_help=True)
credential_app.command("set")(credentials.set_group)
credential_app.command("list")(credentials.list_groups)
credential_app.command("remove")(credentials.remove_group)
credential_app.command("rotate-key")(credentials.rotate_key)
app.add_typer(credential_app, name="credential")

exempt_app = typer.Typer(help="报备 · exemptions: what is not assessed for a while", no_args_is_help=True)
exempt_app.command("propose")(exemptions.propose)
exempt_app.command("approve")(exemptions.approve)
exempt_app.command("refuse")(exemptions.refuse)
exempt_app.command("end")(exemptions.end)
exempt_app.command("list")(exemptions.list_exemptions)
exempt_app.command("import")(exemptions.import_sheet)
app.add_typer(exempt_app, name="exempt")

db_app = typer.Typer(help="数据库 · the database", no_args_is_help=True)
db_app.command("upgrade")(setup.db_upgrade)
app.add_typer(db_app, name="db")


def main() -> None:
    """Run the command line."""
    app()
