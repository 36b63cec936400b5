// Alerts and incidents: what is raised, who takes care of it, who is responsible, what is silenced.

import { change, get, knownRegions, may } from "../api.js";
import { h, instantOf, number, span, t, wallOf, when } from "../dom.js";
import { ask, input, refusalText, regionName, select, table, word, wordsOf } from "../parts.js";

const PARTIES = ["undecided", "city", "county", "carrier", "power", "owner_unit"];
const SEVERITIES = { critical: ["✘", "严重", "critical", "missed"], warning: ["▲", "警告", "warning", "missed"], info: ["i", "提示", "info", "no_data"] };
const STATES = { raised: ["待确认", "nobody takes care"], acknowledged: ["已确认", "acknowledged"], cleared: ["已恢复", "cleared"] };
export const titled = (row) => t(row.title_zh, row.title_en);

export async function load(ctx) {
  const past = ctx.query.past ? "true" : "";
  const [alerts, incidents, silences, regions] = await Promise.all([get("/alerts", { past }), get("/incidents", { past }), get("/silences"), knownRegions()]);
  return { alerts, incidents, silences, regions };
}
export const title = () => t("告警与事件", "Alerts and incidents");

export function severity(code) {
  const [mark, zh, en, cls] = SEVERITIES[code] || ["", code, code, ""];
  return h("strong", { class: cls }, h("span", { "aria-hidden": "true" }, mark, " "), t(zh, en));
}

export function incidentTable(ctx, incidents) {
  return table(t("事件", "incidents"), [
    [t("事件", "incident"), (row) => h("a", { href: ctx.link("incident", { id: row.id }) }, titled(row))],
    [t("离线", "down"), (row) => [h("strong", {}, number(row.down)), ` / ${number(row.devices)}`], { right: true, cls: "nowrap" }],
    [t("自", "since"), (row) => when(row.began_at), { cls: "nowrap" }],
    [t("历时", "lasting"), (row) => span((row.closed_at ?? Date.now() / 1000) - row.began_at), { cls: "nowrap" }],
    [t("影响", "cost"), (row) => [row.points ? t(`在线率 ${(row.points * 100).toFixed(2)} 个百分点 · `, `${(row.points * 100).toFixed(2)} points of the rate · `) : "", t(`${number(row.cost_s / 3600)} 台时`, `${number(row.cost_s / 3600)} device-hours`)], { cls: "hide-s" }],
    [t("责任方", "responsible"), (row) => (row.ours ? t("本方（不计入各地）", "ours: nobody's rate suffers") : word(row.party)), { cls: "nowrap" }],
  ], incidents, { hideCaption: true, empty: t("没有进行中的事件", "no incident lasts") });
}

export function acknowledge(ctx, row) {
  ask(t("确认告警", "Acknowledge"), [h("p", { class: "wide" }, titled(row)), input(t("说明", "note"), "note", { maxlength: "300", cls: "wide" })],
    async (values) => { await change("POST", `/alerts/${row.id}/acknowledge`, { note: values.note }); ctx.again(); }, { button: t("确认", "acknowledge") });
}

function silence(ctx, regions, preset = {}) {
  const now = Math.floor(Date.now() / 1000);
  const codes = [...regions.values()].filter((each) => ["city", "county", "town"].includes(each.level)).map((each) => [each.code, regionName(each)]);
  ask(t("静默：一段时间内不通知，判定照常", "Silence: tell nobody for a while; deciding goes on"), [
    select(t("区划", "region"), "region", codes, preset.region), input(t("对象（事件编号等）", "subject, such as an incident's id"), "subject", { value: preset.subject || "", maxlength: "64" }),
    input(t("规则", "rule"), "rule", { value: preset.rule || "", maxlength: "64" }), input(t("直到", "until"), "end", { type: "datetime-local", value: wallOf(now + 4 * 3600), required: true }),
    input(t("原因", "why"), "reason", { required: true, maxlength: "300", cls: "wide" }),
  ], async (values) => { await change("POST", "/silences", { ...values, end: instantOf(values.end) }); ctx.again(); }, { button: t("静默", "silence") });
}

export function draw(ctx, { alerts, incidents, silences, regions }) {
  const operate = may("operate");
  return h("div", { class: "grid" },
    h("section", { class: "card" }, h("h2", {}, t("告警", "Alerts")),
      h("div", { class: "filters noprint" }, h("a", { class: "button", href: ctx.link("alerts", { past: ctx.query.past ? "" : "1" }) }, ctx.query.past ? t("只看未恢复", "only what lasts") : t("含近 7 天已恢复", "the last 7 days, too")),
        operate ? h("button", { type: "button", onclick: () => silence(ctx, regions) }, t("新增静默", "new silence")) : null),
      table(t("告警", "alerts"), [
        [t("级别", "severity"), (row) => severity(row.severity), { cls: "nowrap" }],
        [t("告警", "alert"), (row) => [titled(row), row.incident ? [" ", h("a", { href: ctx.link("incident", { id: row.incident }) }, row.incident)] : ""]],
        [t("自", "since"), (row) => when(row.since), { cls: "nowrap" }],
        [t("状态", "state"), (row) => [t(...STATES[row.state]), row.acknowledged_by ? h("div", { class: "note" }, `${row.acknowledged_by} ${when(row.acknowledged_at)}`) : ""]],
        [t("已通知", "told"), (row) => t(`${row.tellings} 次`, `${row.tellings} ×`), { right: true, cls: "hide-s nowrap" }],
        [h("span", { class: "sr" }, t("操作", "actions")), (row) => h("div", { class: "actions noprint" },
          operate && row.state === "raised" ? h("button", { type: "button", class: "main", onclick: () => acknowledge(ctx, row) }, t("确认", "acknowledge")) : null,
          operate && row.state !== "cleared" ? h("button", { type: "button", onclick: () => silence(ctx, regions, { region: row.region, rule: row.rule }) }, t("静默", "silence")) : null)],
      ], alerts.alerts, { hideCaption: true, empty: t("没有未恢复的告警", "nothing is raised") })),
    h("section", { class: "card" }, h("h2", {}, t("事件", "Incidents")), incidentTable(ctx, incidents.incidents)),
    h("section", { class: "card" }, h("h2", {}, t("静默", "Silences")), table(t("静默", "silences"), [
      [t("编号", "id"), (row) => row.id, { cls: "nowrap" }],
      [t("范围", "what"), (row) => [row.region && regions.get(row.region) ? regionName(regions.get(row.region)) : row.region, row.rule, row.subject].filter(Boolean).join(" · ")],
      [t("从", "from"), (row) => when(row.start), { cls: "nowrap" }], [t("到", "until"), (row) => when(row.end), { cls: "nowrap" }],
      [t("原因", "why"), (row) => row.reason], [t("操作人", "who"), (row) => row.author, { cls: "hide-s" }],
      [h("span", { class: "sr" }, t("操作", "actions")), (row) => (operate ? h("button", { type: "button", class: "noprint", onclick: async (event) => {
        try { await change("POST", `/silences/${row.id}/end`); ctx.again(); } catch (error) { event.target.replaceWith(refusalText(error)); } } }, t("结束", "end")) : "")],
    ], silences.silences, { hideCaption: true, empty: t("没有静默", "nothing is silenced") })));
}

export function decideParty(ctx, row) {
  ask(t("责任方", "Who is responsible"), [select(t("责任方", "responsible"), "party", wordsOf(PARTIES), row.party, { all: false }), input(t("依据", "why"), "note", { maxlength: "300" })],
    async (values) => { await change("POST", `/incidents/${row.id}/party`, values); ctx.again(); });
}
