// Devices: filters, sorts and pages on the server; the sheet of what is shown.

import { get, may, url } from "../api.js";
import { h, number, t, when } from "../dom.js";
import { select, state, table, word, wordsOf } from "../parts.js";
import { regionChoice, regionSelects } from "../pick.js";

const FILTERS = ["region", "connectivity", "condition", "standing", "point_class", "kind", "fault", "q"];

/** More rows than this the service writes as CSV only. */
const MOST_IN_EXCEL = 20000;

export async function load(ctx) {
  const query = Object.fromEntries([...FILTERS, "sort", "order", "cursor"].map((name) => [name, ctx.query[name]]));
  const [page, choice] = await Promise.all([get("/devices", { ...query, limit: 50 }), regionChoice(ctx.query.region)]);
  return { page, choice };
}
export const title = () => t("设备", "Devices");

export function draw(ctx, { page, choice }) {
  const { query } = ctx, choose = (name) => (event) => ctx.go({ [name]: event.target.value, cursor: "" });
  const filters = Object.fromEntries(FILTERS.map((name) => [name, query[name]]));
  const onSort = (sort) => ctx.go({ sort: sort === "id" ? "" : sort, order: (query.sort || "id") === sort && query.order !== "down" ? "down" : "", cursor: "" });
  return h("section", { class: "card" },
    h("h2", {}, t("设备", "Devices")),
    h("form", { class: "filters noprint", onsubmit: (event) => { event.preventDefault(); ctx.go({ q: new FormData(event.target).get("q").trim(), cursor: "" }); } },
      regionSelects(choice, ctx.go),
      select(t("连接", "connectivity"), "connectivity", wordsOf(["online", "offline", "unknown"]), query.connectivity, { onchange: choose("connectivity") }),
      select(t("状况", "condition"), "condition", wordsOf(["intact", "faulty", "unknown"]), query.condition, { onchange: choose("condition") }),
      select(t("考核", "standing"), "standing", wordsOf(["assessed", "exempt", "out"]), query.standing, { onchange: choose("standing") }),
      select(t("类别", "class"), "point_class", wordsOf(["first", "second", "third", "internal", "other"]), query.point_class, { onchange: choose("point_class") }),
      select(t("类型", "kind"), "kind", wordsOf(["camera", "checkpoint", "recorder", "gateway", "platform", "sensor", "other"]), query.kind, { onchange: choose("kind") }),
      h("label", {}, t("编码、名称或地址", "id, name or address"), h("input", { name: "q", type: "search", value: query.q || "", maxlength: "100" })),
      h("button", { type: "submit" }, t("查找", "search")),
      Object.values(filters).some(Boolean) ? h("a", { class: "button", href: ctx.link("devices") }, t("清除", "clear")) : null,
      h("a", { class: "button", href: url("/devices.csv", filters), download: "vidnet-devices.csv" }, t("导出 CSV", "export CSV")),
      page.total && page.total <= MOST_IN_EXCEL ? h("a", { class: "button", href: url("/devices.xlsx", filters), download: "vidnet-devices.xlsx" }, t("导出 Excel", "export Excel")) : null,
      may("import") ? h("a", { class: "button", href: ctx.link("edit") }, t("登记设备", "add a device")) : null),
    query.fault ? h("p", {}, t("故障：", "fault: "), h("strong", {}, query.fault)) : null,
    page.cut ? h("p", { class: "warn" }, t("匹配过多，只查了前 5,000 台：请写得更具体", "too many match, only the first 5,000 were looked through: be more specific")) : null,
    table(t(`共 ${number(page.total)} 台`, `${number(page.total)} devices`), [
      [t("编码", "id"), (row) => [h("a", { href: ctx.link("device", { id: row.id }) }, row.id), h("div", { class: "only-s" }, row.name)], { sort: "id", cls: "id" }],
      [t("名称", "name"), (row) => row.name, { cls: "hide-s" }],
      [t("县市区 · 镇街", "county · town"), (row) => [row.county, row.town].filter(Boolean).join(" · "), { sort: "region" }],
      [t("类别", "class"), (row) => word(row.point_class), { cls: "hide-s nowrap" }],
      [t("类型", "kind"), (row) => word(row.kind), { cls: "hide-s nowrap" }],
      [t("状态", "state"), (row) => [state(row.connectivity), row.connectivity === "online" ? [" ", state(row.condition)] : "", row.standing !== "assessed" ? [" ", state(row.standing)] : ""], { sort: "state", cls: "nowrap" }],
      [t("自", "since"), (row) => when(row.since), { sort: "since", cls: "nowrap" }],
      [t("故障", "faults"), (row) => row.faults.map((code) => h("a", { href: ctx.link("devices", { ...filters, fault: code }) }, code, " ")), { cls: "hide-s" }],
    ], page.devices, { sort: query.sort || "id", order: query.order, onSort, empty: t("没有符合条件的设备", "no device is like that") }),
    h("div", { class: "pager" },
      query.cursor ? h("a", { class: "button", href: ctx.link("devices", { ...query, cursor: "" }) }, t("首页", "first page")) : null,
      page.next ? h("a", { class: "button", href: ctx.link("devices", { ...query, cursor: page.next }) }, t("下一页", "next page")) : null));
}
