// What several views are made of: verdicts, figures, tables, forms, dialogs.

import { h, half, number, svg, t, ui } from "./dom.js";

export const VERDICTS = {
  met: ["✔", "达标", "met"], missed: ["✘", "未达标", "missed"],
  not_valid: ["?", "无效（测判不足）", "not valid: too little measured or judged"], no_data: ["–", "无数据", "no data"],
};
const WORDS = {
  yes: ["是", "yes"], no: ["否", "no"],
  online: ["在线", "online"], offline: ["离线", "offline"], unknown: ["未知", "unknown"],
  intact: ["完好", "intact"], faulty: ["故障", "faulty"], exempt: ["报备", "exempt"], assessed: ["考核", "assessed"], out: ["未投入", "not in service"],
  first: ["一类", "1st class"], second: ["二类", "2nd class"], third: ["三类", "3rd class"], internal: ["内部", "internal"], other: ["其他", "other"],
  camera: ["摄像机", "camera"], checkpoint: ["卡口", "checkpoint"], recorder: ["录像机", "recorder"], gateway: ["网关", "gateway"], platform: ["平台", "platform"], sensor: ["感知设备", "sensor"],
  draft: ["草稿", "draft"], submitted: ["待批", "waiting"], approved: ["已批", "approved"], refused: ["未批", "refused"], ended: ["已结束", "ended"], withdrawn: ["已撤回", "withdrawn"],
  repair: ["维修", "repair"], construction: ["施工", "construction"], power: ["停电", "power cut"], network_cutover: ["网络割接", "network cutover"], force_majeure: ["不可抗力", "force majeure"],
  device: ["设备", "device"], point: ["点位", "point"], region: ["区划", "region"], path: ["链路", "path"],
  networked: ["30 天内联网", "networked in 30 days"], not_networked: ["未联网", "not networked"], covered: ["当前有效", "working now"], uncovered: ["当前无效", "not working now"],
  answered: ["应答", "answered"], silent: ["无应答", "silent"], stale: ["过久未测", "not looked at for too long"], not_looked_at: ["尚未探测", "not looked at yet"], parent_down: ["上联中断", "parent down"],
  parent_back: ["上联恢复", "parent back"], collector_pause: ["采集暂停", "collector paused"], own_outage: ["本方断网", "our own outage"], fault: ["故障确认", "fault confirmed"], no_fault: ["无故障", "no fault"],
  evidence_old: ["证据过期", "evidence too old"], decision: ["人工决定", "decision"], late_evidence: ["迟到证据", "late evidence"], asleep: ["休眠", "asleep"], own_path_down: ["本方链路中断", "our path down"],
  retire: ["拆除", "retire"], suspend: ["停用", "suspend"], return: ["恢复", "return"], reclassify: ["改类", "reclassify"], move: ["迁移", "move"], back_date: ["补录日期", "back-date"], hours: ["时段", "hours"],
  clear_fault: ["清除故障", "clear a fault"], confirm_fault: ["确认故障", "confirm a fault"],
  parents: ["上联", "parents"], correction: ["更正", "correction"], withdrawal: ["撤销更正", "withdraw a correction"],
  city: ["市级", "city"], county: ["县区", "county"], carrier: ["运营商", "carrier"], owner_unit: ["建设单位", "owner unit"], undecided: ["未定", "undecided"],
  health: ["健康巡检", "health look"], deep: ["深度巡检", "deep look"], picture: ["画面巡检", "picture look"], day: ["白天", "by day"], dim: ["暗光", "in the dark"], infrared: ["红外", "infrared"],
  connectivity: ["连接", "connectivity"], condition: ["状况", "condition"], planned: ["规划", "planned"], active: ["在用", "active"], retired: ["已拆", "retired"],
  raised: ["已发生", "raised"], reminded: ["已提醒", "reminded"], cleared: ["已恢复", "cleared"], open: ["进行中", "open"], closed: ["已结束", "closed"],
};
/** The words of a code; a code that is not known stays as it is. */
export const word = (code) => (WORDS[code] ? t(...WORDS[code]) : String(code ?? ""));
export const wordsOf = (codes) => codes.map((code) => [code, word(code)]);
export const regionName = (region) => (ui.lang === "en" && region.name_en ? region.name_en : region.name);

const SIGNS = { online: "●", offline: "✘", unknown: "?", intact: "✔", faulty: "▲", exempt: "▣", out: "○", covered: "✔", uncovered: "✘" };
export function state(code) {
  return h("span", { class: `state ${code}` }, SIGNS[code] ? `${SIGNS[code]} ` : "", word(code));
}

export function verdict(figure, { words = true } = {}) {
  if (!figure.verdict) return "";
  const [mark, zh, en] = VERDICTS[figure.verdict];
  return h("span", { class: `verdict ${figure.verdict}` }, h("span", { "aria-hidden": "true" }, mark, " "), words ? t(zh, en) : h("span", { class: "sr" }, t(zh, en)));
}

export const valueText = (figure) => figure.text || "–";

/** Where a bar of rates begins: at 80 % while all fits, else at 0. */
export const floorOf = (figures) => (figures.every((each) => each.value === null || each.value >= 0.8) ? 0.8 : 0);
export const share = (value, floor) => `${Math.max(0, Math.min(1, (value - floor) / (1 - floor))) * 100}%`;

/** A figure as a card: print, verdict, bullet bar with the target's tick, counts, and how many are short. */
export function figureCard(title, figure, { unit, link, extra } = {}) {
  const floor = floorOf([figure]);
  const target = figure.target ? Number(figure.target.value) : null;
  const [digits, percent] = figure.text.endsWith("%") ? [figure.text.slice(0, -1), "%"] : [valueText(figure), ""];
  const aimed = figure.target ? t(`目标 ${figure.target.text}`, `target ${figure.target.text}`) : t("无目标", "no target");
  return h("section", { class: "card kpi w3" },
    h("h3", {}, link ? h("a", { href: link }, title) : title),
    h("div", { class: "big" }, digits, percent ? h("small", {}, "%") : ""),
    h("div", {}, verdict(figure), figure.verdict ? " · " : "", h("span", { class: "note", title: figure.target ? figure.target.source : null }, aimed)),
    h("div", { class: `bullet ${figure.verdict || "no_data"}`, role: "img", "aria-label": `${title} ${valueText(figure)}, ${aimed}` },
      figure.value === null ? null : h("i", { style: { width: share(figure.value, floor) } }),
      target === null || target > 1 ? null : h("b", { style: { left: share(target, floor) } })),
    h("div", { class: "ends", "aria-hidden": "true" }, h("span", {}, `${floor * 100}%`), h("span", {}, "100%")),
    h("div", { class: "under" },
      figure.short > 0 ? [h("span", { class: "short" }, t(`差 ${number(figure.short)} ${unit[0]}`, `${number(figure.short)} ${unit[1]} short`)), " · "] : "",
      `${number(figure.numerator)} / ${number(figure.denominator)}`, extra || ""));
}

/** A table: columns are [heading, cell(row), {right, sort, cls}]. */
export function table(caption, columns, rows, { sort, order, onSort, empty, hideCaption } = {}) {
  const head = columns.map(([heading, , more = {}]) => {
    const sorted = more.sort && more.sort === sort ? (order === "down" ? "descending" : "ascending") : null;
    const inner = more.sort && onSort ? h("button", { type: "button", onclick: () => onSort(more.sort) }, heading) : heading;
    return h("th", { scope: "col", class: [more.right ? "r" : "", more.cls || ""].join(" ").trim() || null, "aria-sort": sorted }, inner);
  });
  // On a phone every row is a list, and its cells say what they are.
  const body = rows.map((row) => h("tr", {}, columns.map(([heading, cell, more = {}]) =>
    h("td", { class: [more.right ? "r" : "", more.cls || ""].join(" ").trim() || null, "data-label": typeof heading === "string" ? heading : "" }, cell(row)))));
  return h("div", { class: "tablewrap", tabindex: "0", role: "region", "aria-label": caption },
    h("table", {}, h("caption", { class: hideCaption ? "sr" : null }, caption), h("thead", {}, h("tr", {}, head)), h("tbody", {}, body)),
    rows.length ? null : h("p", { class: "empty" }, empty || t("没有记录", "nothing here")));
}

export function select(label, name, options, value, { all = true, onchange } = {}) {
  const element = h("select", { name, onchange }, all ? h("option", { value: "" }, t("全部", "all")) : null,
    options.map(([code, text]) => h("option", { value: code, selected: code === value }, text)));
  element.value = value || (all ? "" : options[0] && options[0][0]);
  return h("label", {}, label, element);
}
export function input(label, name, { type = "text", value = "", cls, ...more } = {}) {
  return h("label", { class: cls || null }, label, h(type === "textarea" ? "textarea" : "input", { name, type: type === "textarea" ? null : type, ...more, value }));
}

/** What a refusal says, in the reader's language. */
export const refusalText = (error) => [half(error.message), ...(error.errors || []).map(half)].join("\n");

/** A dialog with a form; `send(values)` makes the change, and its refusals are shown in place. */
export function ask(title, fields, send, { button } = {}) {
  const message = h("p", { class: "error wide", role: "alert" });
  const submit = h("button", { class: "main", type: "submit" }, button || t("提交", "send"));
  const dialog = h("dialog", { "aria-label": title });
  const form = h("form", { class: "rows", method: "dialog", onsubmit: async (event) => {
    event.preventDefault();
    submit.disabled = true;
    message.textContent = "";
    try {
      if ((await send(Object.fromEntries(new FormData(form)), form)) !== false) dialog.close();
    } catch (error) { message.textContent = refusalText(error); }
    submit.disabled = false;
  } }, fields, message, h("div", { class: "bottom" }, h("button", { type: "button", onclick: () => dialog.close() }, t("取消", "cancel")), submit));
  dialog.append(h("h2", {}, title), form);
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}

/** A line of counts over time without any library: what is shown where the charts were not built. */
export function plainLine(points, target, label) {
  const values = points.map((point) => point[1]).filter((value) => value !== null);
  if (values.length < 2) return h("p", { class: "empty" }, t("积累中，稍后即有趋势", "not enough yet, the trend is being kept"));
  const low = Math.min(0.9, ...values, target ?? 1), x0 = points[0][0], x1 = points[points.length - 1][0];
  const place = ([at, value]) => `${((at - x0) / (x1 - x0 || 1)) * 600},${150 - ((value - low) / (1 - low || 1)) * 140}`;
  const line = svg("polyline", { points: points.filter((point) => point[1] !== null).map(place).join(" "), fill: "none", stroke: "currentColor", "stroke-width": 2 });
  const aim = target === null ? null : svg("line", { x1: 0, x2: 600, y1: place([x0, target]).split(",")[1], y2: place([x0, target]).split(",")[1], stroke: "currentColor", "stroke-dasharray": "5 4" });
  return svg("svg", { viewBox: "0 0 600 160", class: "spark met", role: "img", "aria-label": label, preserveAspectRatio: "none" }, line, aim);
}
