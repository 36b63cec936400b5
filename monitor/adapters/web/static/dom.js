// Elements and words. Texts only ever become text nodes, so nothing that a sheet brings can become markup.

export const params = new URLSearchParams(location.search);
const stored = (name) => { try { return localStorage.getItem(name); } catch { return null; } };
const keep = (name, value) => { try { localStorage.setItem(name, value); } catch { /* private window */ } };

export const ui = {
  lang: params.get("lang") || stored("vidnet.lang") || (navigator.language.startsWith("zh") ? "zh" : "en"),
  dark: (params.get("theme") || stored("vidnet.theme") || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark",
  kiosk: params.get("kiosk") === "1",
  zone: "Asia/Shanghai",
};

export function setLang(lang) { ui.lang = lang; keep("vidnet.lang", lang); dress(); }
export function setDark(dark) { ui.dark = dark; keep("vidnet.theme", dark ? "dark" : "light"); dress(); }
export function dress() {
  const root = document.documentElement;
  root.lang = ui.lang === "zh" ? "zh-CN" : "en";
  root.classList.toggle("dark", ui.dark);
  root.classList.toggle("kiosk", ui.kiosk);
}

/** Give the text of the reader's language. */
export const t = (zh, en) => (ui.lang === "zh" ? zh : en);

/** Give the reader's half of a server's text "中文 · English". */
export function half(text) {
  const at = String(text).indexOf(" · ");
  return at < 0 ? String(text) : ui.lang === "zh" ? text.slice(0, at) : text.slice(at + 3);
}

/** Make an element: h("a", {href: "#/"}, "text", child, …). `on…` are listeners; null and false children are left out. */
export function h(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "class") element.className = value;
    else if (name === "style") for (const [key, each] of Object.entries(value)) element.style.setProperty(key, each);
    else if (name in element && typeof value !== "string") element[name] = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat(9).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

export function svg(tag, attributes, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes || {})) element.setAttribute(name, value);
  element.append(...children.flat(9).filter((child) => child !== null && child !== undefined));
  return element;
}

const formats = new Map();
function inZone(options) {
  const key = JSON.stringify([options, ui.zone]);
  if (!formats.has(key)) formats.set(key, new Intl.DateTimeFormat("sv-SE", { timeZone: ui.zone, hourCycle: "h23", ...options }));
  return formats.get(key);
}
const MINUTE = { year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit" };

/** An instant in the city's zone: 2026-11-23 08:05. */
export const when = (at) => (at === null || at === undefined ? "–" : inZone(MINUTE).format(at * 1000));
export const whenExactly = (at) => (at === null ? "–" : inZone({ ...MINUTE, second: "2-digit" }).format(at * 1000));
export const day = (at) => when(at).slice(0, 10);

/** How many seconds the city's clock is ahead of UTC at an instant. */
export function offsetAt(at) {
  const [date, time] = whenExactly(at).split(" ");
  return Math.round(Date.parse(`${date}T${time}Z`) / 1000 - Math.floor(at));
}
export function zoneName(at) {
  const hours = offsetAt(at) / 3600;
  return `UTC${hours < 0 ? "−" : "+"}${Math.abs(hours)}`;
}
/** The instant of a wall time of the city: "2026-11-23T08:05". */
export function instantOf(text) {
  const naive = Date.parse(`${text}:00Z`) / 1000;
  return Number.isNaN(naive) ? null : naive - offsetAt(naive - offsetAt(naive));
}
export const wallOf = (at) => when(at).replace(" ", "T");

export const number = (value) => Math.round(value).toLocaleString("en-US");

/** A span of time in words: 3 min, 5 h, 12 days. */
export function span(seconds) {
  const s = Math.max(0, Math.round(seconds));
  if (s < 100) return t(`${s} 秒`, `${s} s`);
  if (s < 7200) return t(`${Math.round(s / 60)} 分钟`, `${Math.round(s / 60)} min`);
  if (s < 172800) return t(`${Math.round(s / 3600)} 小时`, `${Math.round(s / 3600)} h`);
  return t(`${Math.round(s / 86400)} 天`, `${Math.round(s / 86400)} days`);
}
