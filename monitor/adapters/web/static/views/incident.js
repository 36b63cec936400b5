// One incident: its timeline, who is responsible, and the devices that it took along.

import { change, get, may } from "../api.js";
import { h, number, span, t, when, whenExactly } from "../dom.js";
import { refusalText, table, word } from "../parts.js";
import { decideParty, titled } from "./alerts.js";

const KINDS = { opened: ["发生", "opened"], closed: ["结束", "closed"], party: ["责任方", "responsible"], acknowledged: ["确认", "acknowledged"], raised: ["告警", "raised"], cleared: ["恢复", "cleared"], note: ["备注", "note"] };

export async function load(ctx) { return get(`/incidents/${encodeURIComponent(ctx.query.id || "")}`); }
export const title = (ctx, data) => titled(data.incident);

export function draw(ctx, { incident, members, timeline }) {
  const fact = (name, value) => [h("dt", {}, name), h("dd", {}, value)];
  return h("div", { class: "grid" },
    h("section", { class: "card w7" }, h("h2", {}, titled(incident)), h("dl", { class: "facts" },
      fact(t("编号", "id"), incident.id), fact(t("自", "since"), whenExactly(incident.began_at)),
      fact(t("到", "until"), incident.closed_at ? whenExactly(incident.closed_at) : t("进行中", "it lasts")), fact(t("历时", "lasting"), span((incident.closed_at ?? Date.now() / 1000) - incident.began_at)),
      fact(t("现离线 / 曾波及", "down now / ever"), `${number(incident.down)} / ${number(incident.devices)}`), fact(t("损失", "cost"), t(`${number(incident.cost_s / 3600)} 台时`, `${number(incident.cost_s / 3600)} device-hours`)),
      fact(t("责任方", "responsible"), incident.ours ? t("本方（不计入各地）", "ours: nobody's rate suffers") : word(incident.party))),
      may("operate") ? h("div", { class: "actions noprint" }, h("button", { type: "button", onclick: () => decideParty(ctx, incident) }, t("认定责任方", "say who is responsible")), h("button", { type: "button", onclick: async (event) => { try { const made = await change("POST", "/orders", { subject: incident.id }); event.target.replaceWith(h("a", { href: ctx.link("orders") }, made.id)); } catch (error) { event.target.replaceWith(refusalText(error)); } } }, t("派工单", "make a work order"))) : null),
    h("section", { class: "card w5" }, h("h2", {}, t("经过", "Timeline")), table(t("经过", "timeline"), [
      [t("时间", "at"), (row) => when(row.at), { cls: "nowrap" }], [t("经过", "what"), (row) => (KINDS[row.kind] ? t(...KINDS[row.kind]) : row.kind)], [t("说明", "note"), (row) => [row.note, row.author ? ` (${row.author})` : ""]],
    ], timeline, { hideCaption: true })),
    h("section", { class: "card" }, h("h2", {}, t("设备", "Devices")), table(t(`${members.length} 台`, `${members.length} devices`), [
      [t("编码", "id"), (row) => h("a", { href: ctx.link("device", { id: row.device }) }, row.device), { cls: "id" }], [t("自", "from"), (row) => whenExactly(row.joined_at)], [t("恢复", "back"), (row) => (row.left_at ? whenExactly(row.left_at) : "–")],
    ], members)));
}
