"""The command `vidnet`: what people type, and what they see of it, in Chinese and English.

One file a group of commands; exit codes and errors are in `common`.
"""

from __future__ import annotations

import typer

from monitor.cli import (
    accounts,
    alerts,
    asking,
    audit,
    checkpoints,
    corrections,
    coverage,
    credentials,
    device,
    exemptions,
    explain,
    figures,
    grafana,
    history,
    imports,
    incidents,
    inventory,
    ledger,
    looks,
    mqtt,
    notify,
    objections,
    orders,
    pictures,
    reports,
    requests,
    service,
    setup,
    targets,
)

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
app.command()(device.device)
app.command()(pictures.picture)
app.command("sweep")(looks.sweep_command)
app.command()(figures.rates)
app.command()(coverage.coverage)
app.command()(setup.collectors)
app.command("explain")(explain.explain_command)
app.command("plan")(explain.plan_command)
app.command("check-config")(setup.check_config)

app.command()(mqtt.intake)
app.command()(checkpoints.checkpoints)

mqtt_app = typer.Typer(help="MQTT 推送 · status pushed over MQTT", no_args_is_help=True)
mqtt_app.command("check")(mqtt.check)
app.add_typer(mqtt_app, name="mqtt")

credential_app = typer.Typer(help="登录凭据 · what devices are logged in to with", no_args_is_help=True)
credential_app.command("set")(credentials.set_group)
credential_app.command("list")(credentials.list_groups)
credential_app.command("remove")(credentials.remove_group)
credential_app.command("rotate-key")(credentials.rotate_key)
credential_app.command("unlock")(credentials.unlock)
app.add_typer(credential_app, name="credential")

exempt_app = typer.Typer(help="报备 · exemptions: what is not assessed for a while", no_args_is_help=True)
exempt_app.command("propose")(exemptions.propose)
exempt_app.command("approve")(exemptions.approve)
exempt_app.command("refuse")(exemptions.refuse)
exempt_app.command("end")(exemptions.end)
exempt_app.command("list")(exemptions.list_exemptions)
exempt_app.command("import")(exemptions.import_sheet)
app.add_typer(exempt_app, name="exempt")

targets_app = typer.Typer(help="目标 · targets: what must be reached")
targets_app.callback(invoke_without_command=True)(targets.list_targets)
targets_app.command("import")(targets.import_file)
app.add_typer(targets_app, name="targets")

requests_app = typer.Typer(
    help="申请 · requests: what moves a denominator takes effect at approval", no_args_is_help=True
)
requests_app.command("retire")(asking.retire)
requests_app.command("suspend")(asking.suspend)
requests_app.command("return")(asking.return_devices)
requests_app.command("reclassify")(asking.reclassify)
requests_app.command("move")(asking.move)
requests_app.command("back-date")(asking.back_date)
requests_app.command("hours")(asking.hours)
requests_app.command("parents")(asking.parents)
requests_app.command("clear-fault")(asking.clear_fault)
requests_app.command("confirm-fault")(asking.confirm_fault)
requests_app.command("point")(asking.point)
requests_app.command("region")(asking.region)
requests_app.command("approve")(requests.approve)
requests_app.command("refuse")(requests.refuse)
requests_app.command("withdraw")(requests.withdraw)
requests_app.command("list")(requests.list_requests)
app.add_typer(requests_app, name="requests")

correct_app = typer.Typer(help="更正 · corrections: a person's decision about an interval", no_args_is_help=True)
correct_app.command("propose")(corrections.propose_correction)
correct_app.command("withdraw")(corrections.withdraw_correction)
correct_app.command("list")(corrections.list_corrections)
app.add_typer(correct_app, name="correct")

user_app = typer.Typer(help="账号 · accounts: who may see and do what", no_args_is_help=True)
user_app.command("add")(accounts.add_user)
user_app.command("list")(accounts.list_users)
user_app.command("grant")(accounts.grant)
user_app.command("revoke")(accounts.revoke)
user_app.command("password")(accounts.set_password)
user_app.command("totp")(accounts.set_totp)
user_app.command("disable")(accounts.disable)
user_app.command("enable")(accounts.enable)
app.add_typer(user_app, name="user")

token_app = typer.Typer(help="接口令牌 · tokens for programs", no_args_is_help=True)
token_app.command("add")(accounts.add_token)
token_app.command("list")(accounts.list_tokens)
token_app.command("revoke")(accounts.revoke_token)
app.add_typer(token_app, name="token")

audit_app = typer.Typer(help="审计日志 · the audit log: who did what", no_args_is_help=True)
audit_app.command("list")(audit.list_entries)
audit_app.command("export")(audit.export)
audit_app.command("verify")(audit.verify)
app.add_typer(audit_app, name="audit")

import_app = typer.Typer(help="导入 · regions, points and devices from sheets", no_args_is_help=True)
import_app.command("regions")(imports.regions)
import_app.command("points")(imports.points)
import_app.command("devices")(imports.devices)
import_app.command("history")(history.history)
app.add_typer(import_app, name="import")
grafana_app = typer.Typer(help="看板与规则 · dashboards and rules for Grafana and Prometheus", no_args_is_help=True)
grafana_app.command("export")(grafana.export)
app.add_typer(grafana_app, name="grafana")
report_app = typer.Typer(help="考核报表 · compliance reports: weekly, monthly, any days", no_args_is_help=True)
report_app.command("weekly")(reports.weekly)
report_app.command("monthly")(reports.monthly)
report_app.command("range")(reports.any_range)
report_app.command("list")(reports.list_reports)
report_app.command("verify")(reports.verify_report)
report_app.command("diff")(reports.diff_reports)
report_app.command("due")(reports.due)
report_app.command("object")(objections.object_)
report_app.command("objections")(objections.objections)
report_app.command("decide")(objections.decide_objection)
report_app.command("finalise")(objections.finalise_report)
app.add_typer(report_app, name="report")

inventory_app = typer.Typer(help="清单 · the inventory: its truth, its past, written back", no_args_is_help=True)
inventory_app.command("check")(inventory.check)
inventory_app.command("export")(inventory.export)
inventory_app.command("diff")(ledger.diff)
app.add_typer(inventory_app, name="inventory")
alerts_app = typer.Typer(help="告警 · alerts: what is raised, who takes care of it, what is silenced")
alerts_app.callback(invoke_without_command=True)(alerts.alerts)
alerts_app.command("list")(alerts.list_alerts)
alerts_app.command("show")(alerts.show_alert)
alerts_app.command("ack")(alerts.ack)
alerts_app.command("silence")(alerts.silence)
alerts_app.command("unsilence")(alerts.unsilence)
app.add_typer(alerts_app, name="alerts")

incidents_app = typer.Typer(help="事件 · incidents: what failed together, and who is responsible", no_args_is_help=True)
incidents_app.command("list")(incidents.list_incidents)
incidents_app.command("show")(incidents.show)
incidents_app.command("party")(incidents.party)
app.add_typer(incidents_app, name="incidents")

orders_app = typer.Typer(help="工单 · work orders", no_args_is_help=True)
orders_app.command("list")(orders.list_orders)
orders_app.command("make")(orders.make)
orders_app.command("export")(orders.export)
orders_app.command("import")(orders.import_results)
orders_app.command("times")(orders.times)
app.add_typer(orders_app, name="orders")

notify_app = typer.Typer(help="通知 · notifications", no_args_is_help=True)
notify_app.command("test")(notify.send_test_message)
app.add_typer(notify_app, name="notify")

db_app = typer.Typer(help="数据库 · the database", no_args_is_help=True)
db_app.command("upgrade")(setup.db_upgrade)
db_app.command("backup")(setup.db_backup)
app.add_typer(db_app, name="db")


def main() -> None:
    """Run the command line."""
    app()
