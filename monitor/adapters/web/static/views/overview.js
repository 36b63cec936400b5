// The overview of the city, and of any region: figures first, then where, then when, then the worst.

import { get } from "../api.js";
import { h, number, t, when } from "../dom.js";
import { figureCard, regionName, share, floorOf, state, table, valueText, verdict } from "../parts.js";
import { legend, ownMap, shortName, tileMap } from "../tiles.js";
import { drawTrend, trendBox } from "../trend.js";
import { incidentTable } from "./alerts.js";

const INDICATORS = {
  online: () => t("在线率", "online rate"), intact: () => t("完好率", "intact rate"),
  clock: () => t("校时合格率", "clock accuracy"), judged: () => t("判定占比", "judged share"),
  first: () => t("一类点联网率", "1st-class points networked"), second: () => t("二类点联网率", "2nd-class points networked"),
};
/** Stands for a figure that cannot be given now: no clock is judged while ours is not trusted. */
const NOT_JUDGED = { numerator: 0, denominator: 0, value: null, text: "", verdict: null, target: null, short: 0 };
let map = null;

export async function load(ctx) {
  const region = ctx.query.region;
  const days = ctx.query.days === "30" ? 30 : 7;
  const address = document.documentElement.dataset.map;
  const [overview, trend, offline, incidents, shapes] = await Promise.all([
    get("/overview", { region }), get("/trend", { region, days }),
    get("/devices", { region, connectivity: "offline", standing: "assessed", sort: "since", limit: 8 }),
    get("/incidents", { region }).catch(() => null),
    address && !map ? fetch(address).then((answer) => answer.json()).catch(() => null) : map,
  ]);
  map = shapes;
  return { overview, trend, offline, incidents, days };
}

export function title(ctx, data) {
  return data.overview.lineage.length > 1 ? regionName(data.overview.whole.region) : t("总览", "Overview");
}

export function draw(ctx, data) {
  const { overview, days } = data, whole = overview.whole, code = whole.region.code;
  const by = INDICATORS[ctx.query.by] ? ctx.query.by : "online";
  const pick = (row) => row[by] || NOT_JUDGED;
  const toRegion = (region) => ctx.link("overview", { region: region.code, by: ctx.query.by });
  const toDevices = (query) => ctx.link("devices", { region: overview.lineage.length > 1 ? code : "", ...query });
  const counts = whole.counts;
  const device = ["台", "devices"], point = ["个", "points"];
  const worst = overview.worst.filter((row) => row.online.numerator < row.online.denominator);
  const isCity = whole.region.level === "city";
  const box = ctx.kept("trend", trendBox);
  queueMicrotask(() => drawTrend(box, data.trend));
  const chooseIndicator = h("label", { class: "filters noprint" }, h("span", { class: "sr" }, t("指标", "indicator")),
    h("select", { onchange: (event) => ctx.go({ by: event.target.value === "online" ? "" : event.target.value }) },
      Object.entries(INDICATORS).map(([key, name]) => h("option", { value: key, selected: key === by }, name()))));
  return [
    overview.lineage.length > 1 ? h("nav", { class: "crumbs", "aria-label": t("上级区划", "regions above") },
      overview.lineage.map((region, place) => (place < overview.lineage.length - 1 ? [h("a", { href: toRegion(region) }, regionName(region)), " › "] : h("strong", {}, regionName(region))))) : null,
    h("div", { class: "grid" },
      figureCard(t("在线率", "Online rate"), whole.online, { unit: device }),
      figureCard(t("完好率", "Intact rate"), whole.intact, { unit: device }),
      figureCard(t("一类点联网率", "1st-class points networked"), whole.first, { unit: point, link: ctx.link("points", { region: isCity ? "" : code, point_class: "first", coverage: "not_networked" }) }),
      figureCard(t("二类点联网率", "2nd-class points networked"), whole.second, { unit: point, link: ctx.link("points", { region: isCity ? "" : code, point_class: "second", coverage: "not_networked" }) }),
      h("dl", { class: "card strip" },
        fact(t("在考核", "assessed"), number(counts.in_service - counts.exempt)),
        fact(t("在线", "online"), h("a", { href: toDevices({ connectivity: "online" }) }, number(counts.online))),
        fact(t("离线", "offline"), h("a", { href: toDevices({ connectivity: "offline", standing: "assessed" }) }, number(counts.offline))),
        fact(t("未知", "unknown"), h("a", { href: toDevices({ connectivity: "unknown", standing: "assessed" }) }, number(counts.unknown))),
        fact(t("故障", "faulty"), h("a", { href: toDevices({ condition: "faulty" }) }, number(counts.faulty))),
        fact(t("报备", "exempt"), h("a", { href: toDevices({ standing: "exempt" }) }, number(counts.exempt))),
        fact(t("实测占比", "measured share"), valueText(whole.measured)),
        fact(t("判定占比", "judged share"), [valueText(whole.judged), whole.counts.condition_unknown ? h("span", { class: "note" }, t(` 完好率 ${whole.intact_low.text}–${whole.intact_high.text}`, ` intact ${whole.intact_low.text}–${whole.intact_high.text}`)) : null]),
        whole.clock && whole.clock.denominator ? fact(t("校时合格率", "clock accuracy"), [valueText(whole.clock), " ", whole.clock.verdict ? verdict(whole.clock, { words: false }) : null]) : null,
        whole.communities && whole.communities.denominator ? fact(t("社区联网", "communities networked"), [valueText(whole.communities), " ", verdict(whole.communities, { words: false })]) : null,
        whole.connected ? fact(t("联网设备", "devices connected"), [number(whole.connected.numerator), whole.connected.target ? ` / ${whole.connected.target.text} ` : "", verdict(whole.connected, { words: false })]) : null),
      overview.parts.length ? [
        isCity ? h("section", { class: "card w6" }, headed(t("各县市区", "Counties"), chooseIndicator),
          map ? ownMap(map, overview.parts, pick, toRegion) : tileMap(overview.parts, pick, toRegion), legend(pick(whole))) : null,
        h("section", { class: `card ${isCity ? "w6" : "w7"}` }, headed(`${t("排名", "Ranking")} · ${INDICATORS[by]()}`, isCity ? null : chooseIndicator), ranking(overview.parts, pick, toRegion, by))] : null,
      h("section", { class: `card ${isCity || !overview.parts.length ? "" : "w5"}` },
        headed(t(`近 ${days} 天趋势`, `Trend, ${days} days`), h("span", { class: "noprint" }, [7, 30].map((each) => [each === days ? h("strong", {}, t(`${each} 天`, `${each} d`)) : h("a", { href: ctx.link("overview", { ...ctx.query, days: each === 7 ? "" : each }) }, t(`${each} 天`, `${each} d`)), " "]))), box),
      data.incidents && data.incidents.incidents.length ? h("section", { class: "card" }, headed(t("进行中的事件", "Open incidents"), h("a", { href: ctx.link("alerts") }, t("告警与事件", "alerts and incidents"))), incidentTable(ctx, data.incidents.incidents.slice(0, 6))) : null,
      worst.length ? h("section", { class: "card w6" }, h("h3", {}, t("在线率靠后的镇街", "Towns with the lowest online rate")), table(t("在线率靠后的镇街", "towns with the lowest online rate"), [
        [t("镇街", "town"), (row) => h("a", { href: toRegion(row.region) }, regionName(row.region))],
        [t("在线率", "online"), (row) => [verdict(row.online, { words: false }), valueText(row.online)], { right: true, cls: "nowrap" }],
        [t("完好率", "intact"), (row) => valueText(row.intact), { right: true, cls: "nowrap" }],
        [t("离线", "offline"), (row) => number(row.counts.offline), { right: true }],
        [t("差额", "short"), (row) => number(row.online.short), { right: true }],
      ], worst, { hideCaption: true })) : null,
      h("section", { class: "card w6" }, headed(t("离线最久的设备", "Longest offline"), h("a", { href: toDevices({ connectivity: "offline", standing: "assessed", sort: "since" }) }, t(`全部 ${number(data.offline.total)} 台`, `all ${number(data.offline.total)}`))),
        table(t("离线最久的设备", "longest offline"), [
          [t("设备", "device"), (row) => h("a", { href: ctx.link("device", { id: row.id }) }, row.name || row.id)],
          [t("镇街", "town"), (row) => row.town || row.county, { cls: "hide-s" }],
          [t("状态", "state"), (row) => state(row.connectivity)],
          [t("自", "since"), (row) => when(row.since), { right: true, cls: "nowrap" }],
        ], data.offline.devices, { hideCaption: true, empty: t("没有离线设备", "no device is offline") }))),
  ];
}

function fact(name, value) { return h("div", {}, h("dt", {}, name), h("dd", {}, value)); }
function headed(text, beside) { return h("div", { style: { display: "flex", "justify-content": "space-between", gap: "10px", "align-items": "baseline", "flex-wrap": "wrap" } }, h("h3", {}, text), beside); }

function ranking(rows, pick, link, by) {
  const groups = [...new Set(rows.map((row) => row.region.rank_group))];
  const figures = rows.map(pick), floor = floorOf(figures);
  const target = figures.find((each) => each.target), tick = target ? Number(target.target.value) : null;
  return h("div", { class: "rank" }, groups.map((group) => {
    const members = rows.filter((row) => row.region.rank_group === group)
      .sort((a, b) => (pick(b).value ?? -1) - (pick(a).value ?? -1));
    let place = 0, before = null;
    return [
      groups.length > 1 ? h("div", { class: "head" }, group === "zone" ? t("功能区（单独排名）", "functional zones, ranked apart") : t("县市区", "counties")) : null,
      members.map((row, index) => {
        const figure = pick(row), ranked = figure.value !== null && figure.verdict !== "not_valid";
        const key = figure.denominator ? figure.numerator / figure.denominator : null;
        if (ranked && key !== before) { place = index + 1; before = key; }
        const rank = by === "online" ? row.rank : ranked ? place : null;
        return [h("span", { class: "n" }, rank ?? "–"), h("a", { href: link(row.region) }, shortName(row.region)),
          h("span", { class: `bar ${figure.verdict || "no_data"}`, "aria-hidden": "true" }, figure.value === null ? null : h("i", { style: { width: share(figure.value, floor) } }),
            tick === null ? null : h("b", { style: { left: share(tick, floor) } })),
          h("span", { class: `v ${figure.verdict || ""}` }, verdict(figure, { words: false }), valueText(figure), row.small_sample ? h("span", { class: "note", title: t("设备少于 20 台", "fewer than 20 devices") }, " *") : "")];
      })];
  }), h("div", { class: "head" }, t(`条形自 ${floor * 100}% 起`, `bars begin at ${floor * 100}%`), tick === null ? "" : t(`，竖线为目标 ${target.target.text}`, `; the tick is the target, ${target.target.text}`)));
}
