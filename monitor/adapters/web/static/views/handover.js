// Hand-over 交接班: what the next shift must know, on one sheet of A4.

import { change, get, may } from "../api.js";
import { h, t, when, whenExactly, zoneName } from "../dom.js";
import { figureCard, regionName, refusalText, table, word } from "../parts.js";
import { incidentTable, severity, titled } from "./alerts.js";

const SHIFT_S = 12 * 3600;

export async function load(ctx) {
  const { region } = ctx.query, now = Math.floor(Date.now() / 1000);
  const [overview, alerts, incidents, silences, ending, notes] = await Promise.all([
    get("/overview", { region }), get("/alerts", { region }), get("/incidents", { region }), get("/silences", { region }),
    get("/exemptions", { region, state: "approved", ending_before: now + SHIFT_S }), get("/handover", { region })]);
  return { overview, alerts, incidents, silences, ending, notes, now };
}
export const title = () => t("交接班", "Hand-over");

export function draw(ctx, { overview, alerts, incidents, silences, ending, notes, now }) {
  const whole = overview.whole, unit = ["台", "devices"], points = ["个", "points"];
  const box = ctx.kept("note", () => h("textarea", { rows: "4", maxlength: "2000", "aria-label": t("备注", "note"), id: "handover-note" }));
  const message = h("p", { class: "error", role: "alert" });
  const leave = async () => {
    try { await change("POST", "/handover", { note: box.value.trim(), region: whole.region.code }); box.value = ""; ctx.again(); } catch (error) { message.textContent = refusalText(error); }
  };
  const soon = silences.silences.filter((each) => each.end < now + SHIFT_S);
  return [
    h("div", { class: "filters" }, h("h2", {}, `${t("交接班", "Hand-over")} · ${regionName(whole.region)} · ${whenExactly(now)} (${zoneName(now)})`), h("button", { type: "button", class: "noprint", onclick: () => print() }, t("打印（A4）", "print (A4)"))),
    h("div", { class: "grid" },
      figureCard(t("在线率", "Online rate"), whole.online, { unit }), figureCard(t("完好率", "Intact rate"), whole.intact, { unit }),
      figureCard(t("一类点联网率", "1st-class points networked"), whole.first, { unit: points }), figureCard(t("二类点联网率", "2nd-class points networked"), whole.second, { unit: points }),
      h("section", { class: "card" }, h("h3", {}, t("未恢复的告警", "Alerts that last")), table(t("告警", "alerts"), [
        [t("级别", "severity"), (row) => severity(row.severity), { cls: "nowrap" }], [t("告警", "alert"), (row) => titled(row)], [t("自", "since"), (row) => when(row.since), { cls: "nowrap" }], [t("确认", "acknowledged"), (row) => row.acknowledged_by || t("无人确认", "nobody")]],
      alerts.alerts, { hideCaption: true, empty: t("没有", "none") })),
      h("section", { class: "card" }, h("h3", {}, t("进行中的事件", "Open incidents")), incidentTable(ctx, incidents.incidents)),
      h("section", { class: "card w6" }, h("h3", {}, t("本班内到期的静默", "Silences that end in this shift")), table(t("静默", "silences"), [
        [t("编号", "id"), (row) => row.id], [t("范围", "what"), (row) => [row.region, row.rule, row.subject].filter(Boolean).join(" · ")], [t("到", "until"), (row) => when(row.end), { cls: "nowrap" }]], soon, { hideCaption: true, empty: t("没有", "none") })),
      h("section", { class: "card w6" }, h("h3", {}, t("本班内到期的报备", "Exemptions that end in this shift")), table(t("报备", "exemptions"), [
        [t("编号", "id"), (row) => row.id], [t("对象", "for"), (row) => row.name || row.scope_id], [t("原因", "reason"), (row) => word(row.reason)], [t("到", "until"), (row) => when(row.end), { cls: "nowrap" }]], ending.exemptions, { hideCaption: true, empty: t("没有", "none") })),
      h("section", { class: "card" }, h("h3", {}, t("备注", "Notes")),
        may("operate") ? h("div", { class: "noprint" }, box, message, h("div", { class: "bottom" }, h("button", { type: "button", class: "main", onclick: leave }, t("留言给下一班", "leave it for the next shift")))) : null,
        table(t("备注", "notes"), [[t("时间", "at"), (row) => when(row.at), { cls: "nowrap" }], [t("何人", "who"), (row) => row.author, { cls: "nowrap" }], [t("备注", "note"), (row) => row.note]], notes.notes, { hideCaption: true, empty: t("没有备注", "no notes") })))];
}
