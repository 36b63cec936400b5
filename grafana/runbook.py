"""What to do first when an alert of `config/prometheus/rules/alerts.yml` is raised; its link leads here."""

from __future__ import annotations

from grafana.words import Language, Words

FIRST_STEPS = {
    "VidnetOnlineCity": Words(
        "看“各区县”表找差额最大的区县，再看其镇街。", "Find the county with most devices short, then its towns."
    ),
    "VidnetOnlineCounty": Words(
        "打开区县看板：离线集中在哪个镇街、哪条上联？", "Open the county: in which town, behind which uplink are they?"
    ),
    "VidnetOnlineClass": Words(
        "先修一类点；看该类的离线清单。", "Mend first-class points first; see that class's offline list."
    ),
    "VidnetIntactCity": Words(
        "看故障看板：哪个代码最多，先做什么。", "See the faults board: which code leads, and its first step."
    ),
    "VidnetIntactCounty": Words("看该区县故障排名，按代码派单。", "See the county's faults and give out work by code."),
    "VidnetIntactClass": Words("看该类设备的故障与未判定。", "See the faults of that class, and what is not judged."),
    "VidnetCoverageCounty": Words(
        "`vidnet coverage` 列出未覆盖点位及原因。", "`vidnet coverage` lists the points that are not covered, and why."
    ),
    "VidnetMeasuredCounty": Words(
        "比率无效：先恢复探测（网络、采集器、平台）。",
        "The rates are not valid: bring looking back first (network, collector).",
    ),
    "VidnetCountyDrop": Words(
        "突发：查上联、供电、光路；联系运营商。", "Sudden: check uplinks, power, fibre; call the carrier."
    ),
    "VidnetOffline24h": Words("次日清单：逐台派单或报备。", "The day's list: a work order or an exemption for each."),
    "VidnetOffline72h": Words("超时未修：催办维护单位。", "Overdue: press the maintainer."),
    "VidnetAbsent": Words(
        "`systemctl status vidnet`；查抓取地址与防火墙。",
        "`systemctl status vidnet`; check the scrape address and firewall.",
    ),
    "VidnetCollectorStale": Words(
        "看日志与打开文件数上限；必要时重启服务。", "See the log and the open-file limit; restart if needed."
    ),
    "VidnetStore": Words("查磁盘空间、数据库锁与连接。", "Check disk space, database locks and connections."),
    "VidnetQueue": Words(
        "并发或间隔不够：见 docs/operations.md。", "Concurrency or interval too small: docs/operations.md."
    ),
    "VidnetOwnClock": Words(
        "`timedatectl`：让本机与 NTP 同步。", "`timedatectl`: let this machine synchronise with NTP."
    ),
    "VidnetCredential": Words(
        "核对新口令，`vidnet credential set` 重设。",
        "Check the password; set it again: `vidnet credential set`.",
    ),
    "VidnetOwnNetwork": Words("查本机网线、网关与哨兵。", "Check our own cable, gateway and sentinels."),
    "VidnetIncident": Words(
        "`vidnet incidents list`：共同的上联、运营商或单位；定责任方。",
        "`vidnet incidents list`: what they share; decide the responsible party.",
    ),
    "VidnetUplinkDown": Words("先查该上联：供电、光路、交换机。", "Check that uplink first: power, fibre, switch."),
    "VidnetDeviceDown": Words("打开设备页；必要时派单。", "Open the device's page; make a work order."),
}


def markdown(language: Language) -> str:
    """Give the list as a panel shows it."""
    heads = Words("| 告警 | 先做什么 |", "| Alert | What to do first |").in_(language)
    rows = (f"| {name} | {words.in_(language)} |" for name, words in FIRST_STEPS.items())
    return "\n".join((heads, "|---|---|", *rows))
