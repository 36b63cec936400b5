// Why a rate is what it is, what to repair to reach the target, and the targets: each read in a moment of its own.

import { get } from "../api.js";
import { h, number, span, t } from "../dom.js";
import { refusalText, table, word } from "../parts.js";
import { regionChoice, regionSelects } from "../pick.js";

export async function load(ctx) {
  const { region, device, week } = ctx.query;
  const [choice, targets] = await Promise.all([regionChoice(region), get("/targets")]);
  // One after the other: the service answers one such question at a time.
  const explained = await get("/explain", { region, device, week }).catch(refusalText);
  const plan = await get("/plan", { region }).catch(refusalText);
  return { choice, targets, explained, plan };
}
export const title = () => t("为什么", "Why");

const percent = (text) => (text === null ? "–" : `${(Number(text) * 100).toFixed(3)} %`);

export function draw(ctx, { choice, targets, explained, plan }) {
  return [
    h("section", { class: "card" }, h("h2", {}, t("为什么", "Why")),
      h("form", { class: "filters noprint", onsubmit: (event) => { event.preventDefault(); ctx.go(Object.fromEntries(new FormData(event.target))); } }, regionSelects(choice, ctx.go),
        h("label", {}, t("周，默认上周", "week, last week by default"), h("input", { name: "week", value: ctx.query.week || "", placeholder: "2026-W47", pattern: "\\d{4}-W\\d{2}" })),
        h("label", {}, t("只看一台设备", "one device"), h("input", { name: "device", value: ctx.query.device || "", maxlength: "64" })), h("button", { type: "submit" }, t("说明", "explain"))),
      typeof explained === "string" ? h("p", { class: "error" }, explained) : [explained, explained.intact].filter(Boolean).map((each) => losses(ctx, each, explained))),
    h("section", { class: "card" }, h("h3", {}, t("本周日前达标的最短修复清单", "The shortest list of repairs that reaches the target by Sunday")),
      typeof plan === "string" ? h("p", { class: "error" }, plan) : [plan, plan.intact].filter(Boolean).map((each, place) => repairs(ctx, each, place ? t("完好率", "intact rate") : t("在线率", "online rate")))),
    h("section", { class: "card" }, h("h3", {}, t("目标", "Targets")), table(t("现行目标", "targets in force"), [
      [t("指标", "indicator"), (row) => t(row.text_zh, row.text_en)], [t("范围", "scope"), (row) => Object.entries(row.scope).map(([name, value]) => `${name}=${value}`).join(" ") || t("全部", "all")],
      [t("目标", "target"), (row) => (row.is_count ? number(Number(row.value)) : percent(row.value)), { right: true }], [t("生效", "from"), (row) => row.effective_from, { cls: "nowrap" }], [t("依据", "source"), (row) => row.source],
    ], targets.targets, { hideCaption: true, empty: t("没有目标", "none") })),
  ];
}

function losses(ctx, each, whole) {
  const name = each.indicator === "intact" ? t("完好率", "intact rate") : t("在线率", "online rate");
  return [h("h3", {}, `${name} ${each.printed}`, each.target === null ? "" : ` · ${t("目标", "target")} ${percent(each.target)}`),
    h("p", { class: "note" }, `${whole.period} · ${whole.revision ? `${t("报表", "report")} ${whole.revision}` : t("当前所知", "as known now")} · ${t(`考核 ${number(each.assessed_s)} 秒，失去 ${number(each.lost_s)} 秒，${number(each.devices_with_losses)} 台有损失`, `${number(each.assessed_s)} s assessed, ${number(each.lost_s)} s lost by ${number(each.devices_with_losses)} devices`)}`),
    table(`${name}: ${t("损失最多的设备", "devices that lost most")}`, [
      [t("设备", "device"), (row) => [h("a", { href: ctx.link("device", { id: row.device_id }) }, row.device_id), h("div", { class: "note" }, row.name)]],
      [t("损失", "lost"), (row) => span(row.lost_s), { right: true, cls: "nowrap" }], [t("占比", "share"), (row) => percent(row.lost_share), { right: true, cls: "nowrap" }],
      [t("区间与原因", "intervals and causes"), (row) => row.intervals.slice(0, 5).map((one) => h("div", {}, `${one.from.slice(0, 16).replace("T", " ")} – ${one.to.slice(0, 16).replace("T", " ")} ${word(one.state)} ${word(one.cause)} ${one.fault}`, one.looks.length ? h("span", { class: "note" }, t(` ${one.looks.length} 次探测确认`, ` confirmed by ${one.looks.length} looks`)) : null))],
      [t("报备与更正", "decisions"), (row) => [...row.exemptions.map((one) => h("div", {}, one.id)), ...row.corrections.map((one) => h("div", {}, `${word(one.state)} ${one.reason}`))]],
    ], each.devices, { hideCaption: true, empty: t("没有损失", "nothing lost") })];
}

function repairs(ctx, each, name) {
  return [h("p", {}, h("strong", {}, name), `: ${t("目前", "now")} ${percent(each.rate_now)} · ${t("不修复", "without repairs")} ${percent(each.rate_without_repairs)} · ${t("目标", "target")} ${percent(each.target)} · `, each.suffices ? t("可以达标", "can be reached") : t("全部修复也不够", "out of reach")),
    table(`${name}: ${t("修复", "repairs")}`, [
      [t("修复", "repair"), (row) => [h("a", { href: ctx.link("device", { id: row.target }) }, row.target), h("div", { class: "note" }, row.name)]], [t("设备", "devices"), (row) => number(row.devices.length), { right: true }],
      [t("维护单位", "maintainer"), (row) => row.maintainer], [t("届时", "rate then"), (row) => percent(row.rate_then), { right: true }],
    ], each.repairs, { hideCaption: true, empty: t("无需修复", "no repair is needed") })];
}
