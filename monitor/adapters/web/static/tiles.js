// The tile map: counties and functional zones in their rough places, coloured by rate with the target as the turning point.

import { h, number, svg, t } from "./dom.js";
import { VERDICTS, regionName, valueText } from "./parts.js";

/** [column, row] of the regions of Weifang; a region that is not named gets the next free place. */
const PLACES = {
  370783: [2, 1], 370772: [3, 1], 370703: [4, 1],
  370781: [1, 2], 370725: [2, 2], 370702: [3, 2], 370705: [4, 2], 370786: [5, 2],
  370724: [1, 3], 370784: [2, 3], 370704: [4, 3], 370785: [5, 3], 370782: [4, 4],
};

/** The step of a rate: s1 far below the target … s5 far above, s0 where nothing is known. */
export function step(figure) {
  if (figure.value === null || figure.verdict === "not_valid") return "s0";
  const target = figure.target ? Number(figure.target.value) : 0.95;
  if (figure.verdict === "met" || (!figure.verdict && figure.value >= target)) return figure.value >= target + (1 - target) * 0.4 ? "s5" : "s4";
  return figure.value >= target - 0.02 ? "s3" : figure.value >= target - 0.05 ? "s2" : "s1";
}

const percent = (value) => `${Math.round(value * 1000) / 10}%`;

export function legend(figure) {
  const target = figure.target ? Number(figure.target.value) : 0.95;
  const high = target + (1 - target) * 0.4;
  const steps = [["s5", `≥ ${percent(high)}`], ["s4", `≥ ${percent(target)} ${t("达标", "met")}`], ["s3", `< ${percent(target)} ${t("未达标", "missed")}`],
    ["s2", `< ${percent(target - 0.02)}`], ["s1", `< ${percent(target - 0.05)}`], ["s0", t("无效或无数据", "not valid or no data")]];
  return h("div", { class: "legend" }, steps.map(([cls, text]) => h("span", {}, h("i", { class: cls }), text)));
}

function tip(row, figure) {
  const [, zh, en] = VERDICTS[figure.verdict] || ["", "", ""];
  return `${regionName(row.region)} ${valueText(figure)} ${t(zh, en)} · ${number(figure.numerator)}/${number(figure.denominator)}`;
}

export function tileMap(rows, pick, link) {
  const taken = new Set(), free = [];
  for (let y = 1; y <= 12; y++) for (let x = 1; x <= 5; x++) free.push([x, y]);
  const placed = rows.filter((row) => PLACES[row.region.code]).map((row) => [row, PLACES[row.region.code]]);
  placed.forEach(([, place]) => taken.add(place.join()));
  for (const row of rows.filter((each) => !PLACES[each.region.code])) {
    const place = free.find((each) => !taken.has(each.join()));
    taken.add(place.join());
    placed.push([row, place]);
  }
  placed.sort(([, a], [, b]) => a[1] - b[1] || a[0] - b[0]);
  return h("div", { class: "tiles", style: { "grid-template-columns": "repeat(5, minmax(0, 1fr))" } }, placed.map(([row, [x, y]]) => {
    const figure = pick(row);
    const [mark] = VERDICTS[figure.verdict] || [""];
    return h("a", { class: `tile ${step(figure)}${row.region.rank_group === "zone" ? " zone" : ""}`, href: link(row.region), title: tip(row, figure),
      "aria-label": tip(row, figure), style: { "grid-column": String(x), "grid-row": String(y) } },
      h("em", { "aria-hidden": "true" }, mark), h("span", {}, shortName(row.region)), h("strong", {}, valueText(figure)));
  }));
}

/** The site's own map: one path a county, drawn as it comes, in plain degrees. */
export function ownMap(geojson, rows, pick, link) {
  const byCode = new Map(rows.map((row) => [row.region.code, row]));
  const shapes = geojson.features.map((feature) => {
    const { type, coordinates } = feature.geometry;
    return { code: String(feature.properties.code ?? feature.properties.adcode ?? ""), rings: (type === "Polygon" ? [coordinates] : coordinates).flat() };
  });
  const all = shapes.flatMap((shape) => shape.rings.flat());
  const [west, east] = [Math.min(...all.map((p) => p[0])), Math.max(...all.map((p) => p[0]))];
  const [south, north] = [Math.min(...all.map((p) => p[1])), Math.max(...all.map((p) => p[1]))];
  const squeeze = Math.cos(((south + north) / 2) * Math.PI / 180), width = 600, scale = width / ((east - west) * squeeze);
  const height = (north - south) * scale;
  const place = ([lon, lat]) => [(lon - west) * squeeze * scale, (north - lat) * scale].map((n) => Math.round(n * 10) / 10);
  return svg("svg", { class: "map", viewBox: `-4 -4 ${width + 8} ${height + 8}`, role: "group", "aria-label": t("各县市区", "counties") }, shapes.map((shape) => {
    const row = byCode.get(shape.code), figure = row ? pick(row) : null;
    const path = svg("path", { d: shape.rings.map((ring) => `M${ring.map((p) => place(p).join(" ")).join("L")}Z`).join(""), class: figure ? step(figure) : "s0", "fill-rule": "evenodd" });
    if (!row) return path;
    const widest = shape.rings.reduce((a, b) => (a.length > b.length ? a : b)).map(place);
    const middle = [0, 1].map((axis) => (Math.min(...widest.map((p) => p[axis])) + Math.max(...widest.map((p) => p[axis]))) / 2);
    path.append(svg("title", {}, tip(row, figure)));
    const anchor = svg("a", { href: link(row.region), "aria-label": tip(row, figure) }, path,
      svg("text", { x: middle[0], y: middle[1] }, shortName(row.region)), svg("text", { x: middle[0], y: middle[1] + 15 }, valueText(figure)));
    return anchor;
  }));
}

export function shortName(region) {
  const name = regionName(region);
  return name.length > 6 && /[\u4e00-\u9fff]/.test(name) ? name.replace(/^潍坊/, "").replace(/经济技术开发区|经济开发区|开发区/, "区") : name;
}
