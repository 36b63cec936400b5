// Points and coverage: how many required points are networked, and which are not.

import { get } from "../api.js";
import { h, number, t } from "../dom.js";
import { regionName, select, state, table, valueText, verdict, word, wordsOf } from "../parts.js";
import { regionChoice, regionSelects } from "../pick.js";

export async function load(ctx) {
  const { region, point_class, coverage, q, cursor } = ctx.query;
  const [page, covered, choice] = await Promise.all([
    get("/points", { region, point_class, coverage, q, cursor, limit: 50 }), get("/coverage", { region }), regionChoice(region)]);
  return { page, covered, choice };
}
export const title = () => t("点位与覆盖", "Points and coverage");

export function draw(ctx, { page, covered, choice }) {
  const { query } = ctx, choose = (name) => (event) => ctx.go({ [name]: event.target.value, cursor: "" });
  const regions = [...new Map(covered.rows.map((row) => [row.region.code, row.region])).values()];
  const of = (code, cls) => covered.rows.find((row) => row.region.code === code && row.point_class === cls);
  const cell = (row, which) => (row ? [verdict(row[which], { words: false }), valueText(row[which]), h("span", { class: "note" }, ` ${number(row[which].numerator)}/${number(row[which].denominator)}`)] : "–");
  return [
    h("section", { class: "card" }, h("h2", {}, t("覆盖", "Coverage")), table(t("应联网点位中 30 天内联网的，及当前有效的", "of required points: networked within 30 days, and working now"), [
      [t("区划", "region"), (row) => h("a", { href: ctx.link("points", { ...query, region: row.code, cursor: "" }) }, regionName(row))],
      ...["first", "second", "third"].flatMap((cls) => [
        [`${word(cls)} ${t("联网", "networked")}`, (row) => cell(of(row.code, cls), "networked"), { right: true, cls: "nowrap" }],
        [`${word(cls)} ${t("当前", "now")}`, (row) => cell(of(row.code, cls), "effective"), { right: true, cls: "nowrap hide-s" }]]),
    ], regions)),
    h("p", {}),
    h("section", { class: "card" }, h("h2", {}, t("点位", "Points")),
      h("form", { class: "filters noprint", onsubmit: (event) => { event.preventDefault(); ctx.go({ q: new FormData(event.target).get("q").trim(), cursor: "" }); } },
        regionSelects(choice, ctx.go),
        select(t("类别", "class"), "point_class", wordsOf(["first", "second", "third", "internal", "other"]), query.point_class, { onchange: choose("point_class") }),
        select(t("覆盖", "coverage"), "coverage", wordsOf(["networked", "not_networked", "covered", "uncovered", "unknown"]), query.coverage, { onchange: choose("coverage") }),
        h("label", {}, t("编号或名称", "id or name"), h("input", { name: "q", type: "search", value: query.q || "", maxlength: "100" })), h("button", { type: "submit" }, t("查找", "search"))),
      table(t(`共 ${number(page.total)} 个点位`, `${number(page.total)} points`), [
        [t("编号", "id"), (row) => row.id, { cls: "id" }],
        [t("名称", "name"), (row) => row.name],
        [t("县市区 · 镇街", "county · town"), (row) => [row.county, row.town].filter(Boolean).join(" · ")],
        [t("类别", "class"), (row) => word(row.point_class), { cls: "nowrap" }],
        [t("应联网", "required"), (row) => (row.required ? t("是", "yes") : t("否", "no")), { cls: "nowrap hide-s" }],
        [t("30 天内联网", "networked"), (row) => (row.required ? state(row.networked ? "covered" : "uncovered").firstChild.textContent + (row.networked ? t("是", "yes") : t("否", "no")) : "–"), { cls: "nowrap" }],
        [t("当前", "now"), (row) => (row.required ? state(row.now) : "–"), { cls: "nowrap" }],
      ], page.points, { empty: t("没有符合条件的点位", "no point is like that") }),
      h("div", { class: "pager" },
        query.cursor ? h("a", { class: "button", href: ctx.link("points", { ...query, cursor: "" }) }, t("首页", "first page")) : null,
        page.next ? h("a", { class: "button", href: ctx.link("points", { ...query, cursor: page.next }) }, t("下一页", "next page")) : null)),
  ];
}
