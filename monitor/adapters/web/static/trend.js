// The trend: rates over time with the target's line, by ECharts where it was built, else as a plain line and table.

import { h, offsetAt, t, ui, when } from "./dom.js";
import { plainLine } from "./parts.js";

let library = null;
const built = document.documentElement.dataset.charts === "1";

function ratesOf(trend) {
  const column = Object.fromEntries(trend.columns.map((name, place) => [name, place]));
  const rate = (part, whole) => (whole ? part / whole : null);
  return trend.points.map((p) => ({
    at: p[column.at],
    online: rate(p[column.online], p[column.online] + p[column.offline]),
    intact: rate(p[column.intact], p[column.judged]),
  }));
}

const print = (value) => (value === null ? "–" : `${(Math.floor(value * 10000) / 100).toFixed(2)}%`);

/** Draw the trend into a box that stays from one refresh to the next. */
export async function drawTrend(box, trend) {
  const rows = ratesOf(trend);
  box.setAttribute("role", "img");
  const last = rows[rows.length - 1];
  box.setAttribute("aria-label", t("趋势", "trend") + (last ? `: ${when(last.at)} ${t("在线率", "online rate")} ${print(last.online)}, ${t("完好率", "intact rate")} ${print(last.intact)}` : ""));
  if (!built || rows.length < 2) {
    box.className = "chart plain";
    box.replaceChildren(plainLine(rows.map((row) => [row.at, row.online]), trend.target_online, box.getAttribute("aria-label")));
    return;
  }
  library = library || (await import("./charts.js"));
  const style = getComputedStyle(document.documentElement);
  const size = Math.round(parseFloat(style.fontSize) * 0.8);
  const color = (name) => style.getPropertyValue(name).trim();
  const theme = `${ui.dark} ${size}`;
  let chart = library.getInstanceByDom(box);
  if (chart && chart.vidnetTheme !== theme) { chart.dispose(); chart = null; }
  if (!chart) {
    box.className = "chart";
    chart = library.init(box, null, { renderer: "canvas" });
    chart.vidnetTheme = theme;
    new ResizeObserver(() => { if (!chart.isDisposed()) chart.resize(); }).observe(box);
  }
  // ECharts writes times in the browser's zone: the city's is added here and its UTC shown.
  const shift = offsetAt(rows[rows.length - 1].at);
  const line = (name, key, ink) => ({
    name, type: "line", showSymbol: false, connectNulls: false, lineStyle: { width: 2.2, color: ink }, itemStyle: { color: ink },
    data: rows.map((row) => [(row.at + shift) * 1000, row[key] === null ? null : Math.round(row[key] * 1e6) / 1e4]),
  });
  const values = rows.flatMap((row) => [row.online, row.intact]).filter((value) => value !== null);
  const target = trend.target_online === null ? null : trend.target_online * 100;
  const lowest = Math.floor(Math.min(...values, (target ?? 95) / 100) * 100 - 1);
  const aim = target === null ? {} : {
    markLine: { silent: true, symbol: "none", lineStyle: { color: color("--bad"), type: "dashed", width: 1.5 },
      label: { fontSize: size, formatter: `${t("目标", "target")} ${target}%`, position: "insideStartTop", color: color("--bad") }, data: [{ yAxis: target }] },
    markArea: { silent: true, itemStyle: { color: color("--bad"), opacity: 0.06 }, data: [[{ yAxis: Math.max(0, lowest) }, { yAxis: target }]] },
  };
  chart.setOption({
    useUTC: true, animation: false, textStyle: { fontFamily: style.fontFamily, color: color("--ink") },
    grid: { left: size * 4.4, right: size * 1.5, top: size * 2.8, bottom: size * 2.5 },
    legend: { top: 0, right: 8, textStyle: { color: color("--ink"), fontSize: size }, icon: "roundRect", itemHeight: 4 },
    tooltip: { trigger: "axis", renderMode: "richText", backgroundColor: color("--card"), textStyle: { color: color("--ink") }, borderColor: color("--line"),
      valueFormatter: (value) => (value === null || value === undefined ? "–" : `${Number(value).toFixed(2)}%`) },
    xAxis: { type: "time", axisLabel: { color: color("--soft"), fontSize: size, hideOverlap: true }, axisLine: { lineStyle: { color: color("--line") } } },
    yAxis: { type: "value", min: Math.max(0, lowest), max: 100, axisLabel: { color: color("--soft"), fontSize: size, formatter: "{value}%" }, splitLine: { lineStyle: { color: color("--line") } } },
    series: [{ ...line(t("在线率", "online rate"), "online", color("--ok")), ...aim }, line(t("完好率", "intact rate"), "intact", color("--m2"))],
  }, { notMerge: true });
}

export const trendBox = () => h("div", { class: "chart" });
