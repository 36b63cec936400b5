// Work orders 工单: closed only when looks prove the repair.

import { get } from "../api.js";
import { h, t, when } from "../dom.js";
import { table } from "../parts.js";
import { titled } from "./alerts.js";

const STATES = { open: ["待接单", "open"], acknowledged: ["已接单", "taken on"], repaired: ["报修复，待验证", "said to be repaired"], closed: ["已验证关闭", "closed, proven by looks"] };

export async function load(ctx) { return get("/orders", { past: ctx.query.past ? "true" : "" }); }
export const title = () => t("工单", "Work orders");

export function draw(ctx, data) {
  return h("section", { class: "card" }, h("h2", {}, t("工单", "Work orders")),
    h("div", { class: "filters noprint" }, h("a", { class: "button", href: ctx.link("orders", { past: ctx.query.past ? "" : "1" }) }, ctx.query.past ? t("只看未关闭", "only open ones") : t("含近 7 天已关闭", "the last 7 days, too"))),
    table(t(`${data.orders.length} 张`, `${data.orders.length} orders`), [
      [t("编号", "id"), (row) => row.id, { cls: "nowrap" }], [t("状态", "state"), (row) => h("strong", {}, t(...(STATES[row.state] || [row.state, row.state])))], [t("要修什么", "what"), (row) => titled(row)],
      [t("维护单位", "maintainer"), (row) => row.maintainer], [t("设备", "devices"), (row) => row.devices.slice(0, 3).map((id) => h("div", {}, h("a", { href: ctx.link("device", { id }) }, id))).concat(row.devices.length > 3 ? [`… ${row.devices.length}`] : []), { cls: "hide-s" }],
      [t("派单", "opened"), (row) => [when(row.opened_at), row.reopened ? t(`（重开 ${row.reopened} 次）`, ` (reopened ${row.reopened} ×)`) : ""], { cls: "nowrap" }], [t("结果", "result"), (row) => row.result, { cls: "hide-s" }],
    ], data.orders, { empty: t("没有未关闭的工单", "no order is open") }));
}
