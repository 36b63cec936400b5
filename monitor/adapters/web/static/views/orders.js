// Work orders 工单: closed only when looks prove the repair.

import { change, get, may } from "../api.js";
import { h, t, when } from "../dom.js";
import { ask, input, table } from "../parts.js";
import { titled } from "./alerts.js";

const STATES = { open: ["待接单", "open"], acknowledged: ["已接单", "taken on"], repaired: ["报修复，待验证", "said to be repaired"], closed: ["已验证关闭", "closed, proven by looks"] };

export const orderState = (code) => t(...(STATES[code] || [code, code]));

export async function load(ctx) { return get("/orders", { past: ctx.query.past ? "true" : "" }); }
export const title = () => t("工单", "Work orders");

function report(ctx, row, what) {
  ask(what.repaired ? t("报修复（由探测验证后关闭）", "Repaired: looks will prove it") : t("接单", "Take it on"), [input(t("结果或说明", "result or note"), "result", { maxlength: "300", cls: "wide" }), input(t("外部编号", "number in your own system"), "external", { maxlength: "300" })],
    async (values) => { await change("POST", `/orders/${encodeURIComponent(row.id)}/report`, { ...what, ...values }); ctx.again(); });
}

export function draw(ctx, data) {
  return h("section", { class: "card" }, h("h2", {}, t("工单", "Work orders")),
    h("div", { class: "filters noprint" }, h("a", { class: "button", href: ctx.link("orders", { past: ctx.query.past ? "" : "1" }) }, ctx.query.past ? t("只看未关闭", "only open ones") : t("含近 7 天已关闭", "the last 7 days, too"))),
    table(t(`${data.orders.length} 张`, `${data.orders.length} orders`), [
      [t("编号", "id"), (row) => row.id, { cls: "nowrap" }], [t("状态", "state"), (row) => h("strong", {}, orderState(row.state))], [t("要修什么", "what"), (row) => titled(row)],
      [t("维护单位", "maintainer"), (row) => row.maintainer], [t("设备", "devices"), (row) => row.devices.slice(0, 3).map((id) => h("div", {}, h("a", { href: ctx.link("device", { id }) }, id))).concat(row.devices.length > 3 ? [`… ${row.devices.length}`] : []), { cls: "hide-s" }],
      [t("派单", "opened"), (row) => [when(row.opened_at), row.reopened ? t(`（重开 ${row.reopened} 次）`, ` (reopened ${row.reopened} ×)`) : ""], { cls: "nowrap" }], [t("结果", "result"), (row) => row.result, { cls: "hide-s" }],
      [h("span", { class: "sr" }, t("操作", "actions")), (row) => (may("work") && row.state !== "closed" ? h("div", { class: "actions noprint" }, row.state === "open" ? h("button", { type: "button", onclick: () => report(ctx, row, { taken_on: true }) }, t("接单", "take it on")) : null, row.state !== "repaired" ? h("button", { type: "button", class: "main", onclick: () => report(ctx, row, { repaired: true }) }, t("报修复", "say it is repaired")) : null) : "")],
    ], data.orders, { empty: t("没有未关闭的工单", "no order is open") }));
}
