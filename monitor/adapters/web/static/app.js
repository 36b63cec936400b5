// The shell: address → view, header with the age of the data, refresh, login.

import { Refusal, get, knowMe, logIn, logOut, may, me } from "./api.js";
import { dress, h, half, setDark, setLang, span, svg, t, ui, whenExactly, zoneName } from "./dom.js";
import { Siren } from "./siren.js";
import { ask, input, refusalText, regionName } from "./parts.js";

const REFRESH_MS = 30000;
const TICK_MS = 1000;

/** The views: what the address calls them, their name, the right that shows them in the bar, and their module. */
const VIEWS = [
  ["overview", "总览", "Overview", "read"], ["devices", "设备", "Devices", "read"], ["points", "点位", "Points", "read"],
  ["alerts", "告警与事件", "Alerts & incidents", "read"], ["decisions", "报备与申请", "Exemptions & requests", "read"], ["orders", "工单", "Work orders", "work"], ["reports", "报表", "Reports", "read"], ["import", "导入", "Import", "import"], ["handover", "交接班", "Hand-over", "read"], ["system", "系统", "System", "read"],
];
const HIDDEN = { explain: "reports", device: "devices", edit: "import", incident: "alerts", reportdiff: "reports" };

const $ = (id) => document.getElementById(id);
const kept = new Map();
const siren = new Siren();
let waiting = 0;
let current = null, freshness = null, fetchedAt = 0, refreshing = false, timer = 0;

function read() {
  const [path, query] = location.hash.replace(/^#\/?/, "").split("?");
  const name = VIEWS.some(([each]) => each === path) || HIDDEN[path] ? path : "overview";
  return { name, query: Object.fromEntries(new URLSearchParams(query || "")) };
}
export function link(name, query = {}) {
  const wanted = Object.entries(query).filter(([, value]) => value !== "" && value !== null && value !== undefined);
  const text = new URLSearchParams(wanted).toString();
  return `#/${name}${text ? `?${text}` : ""}`;
}

const context = () => ({
  ...read(), link,
  go(change) { const { name, query } = read(); location.hash = link(name, { ...query, ...change }); },
  again: () => show({ quiet: true }),
  /** An element that stays the same from one refresh to the next: a chart, a filter that is being typed into. */
  kept(key, make) { const full = `${read().name} ${key}`; if (!kept.has(full)) kept.set(full, make()); return kept.get(full); },
  forget(key) { kept.delete(`${read().name} ${key}`); },
});

async function show({ quiet = false } = {}) {
  const ctx = context(), mine = (current = {});
  clearTimeout(timer);
  drawNav(ctx.name);
  const main = $("main");
  if (!quiet) { main.setAttribute("aria-busy", "true"); if (!main.childElementCount) main.replaceChildren(h("p", { class: "note" }, t("加载中…", "loading …"))); }
  const right = (VIEWS.find(([each]) => each === (HIDDEN[ctx.name] || ctx.name)) || [])[3];
  if (!may(right)) {
    const first = VIEWS.find(([, , , each]) => may(each));
    if (first && !location.hash) { location.hash = link(first[0]); return; }
    main.replaceChildren(me.name && me.via !== "guest" ? h("p", { class: "error" }, t("没有权限", "not allowed")) : welcome());
    if (!me.name && !document.querySelector("dialog")) askLogin();
    main.removeAttribute("aria-busy");
    main.dataset.shown = location.hash;
    drawTop();
    return;
  }
  try {
    const view = await import(`./views/${ctx.name}.js`);
    const data = await view.load(ctx);
    if (current !== mine) return;
    fetchedAt = Date.now();
    if (data && data.overview) freshness = data.overview.freshness;
    else if (!freshness || Date.now() - freshness.read > REFRESH_MS) await readFreshness();
    if (freshness) freshness.read = Date.now();
    if (current !== mine) return;
    const focused = document.activeElement && main.contains(document.activeElement) ? document.activeElement.getAttribute("href") || document.activeElement.id : null;
    main.replaceChildren(...[view.draw(ctx, data)].flat(3).filter(Boolean));
    if (focused) [...main.querySelectorAll("[href],[id]")].find((each) => each.getAttribute("href") === focused || each.id === focused)?.focus({ preventScroll: true });
    else if (!quiet) { main.focus({ preventScroll: true }); scrollTo(0, 0); }
    document.title = `${view.title ? view.title(ctx, data) : ""} · ${t("视频网运行监测", "video network")}`;
    $("banner").textContent = "";
  } catch (error) {
    if (current !== mine) return;
    if (error instanceof Refusal && error.status === 401) { main.replaceChildren(welcome()); if (!document.querySelector("dialog")) askLogin(); }
    else if (error instanceof Refusal) main.replaceChildren(h("section", { class: "card" }, h("p", { class: "error" }, refusalText(error))));
    else {
      $("banner").textContent = t("无法连接服务，显示的数据可能已过时", "the service cannot be reached; what is shown may be old");
      console.warn(String(error));
    }
  }
  main.removeAttribute("aria-busy");
  listen();
  main.dataset.shown = location.hash;
  drawTop();
  timer = setTimeout(refresh, REFRESH_MS);
}

async function readFreshness() {
  if (!may("read")) return;
  const system = await get("/system").catch(() => null);
  if (system) freshness = { now: system.now, as_of: system.last_look_at, stale_after_s: 2 * system.interval_s, problems: system.problems };
}

/** Count the alerts that nobody takes care of: shown in the bar, and heard by those who may acknowledge them. */
async function listen() {
  if (!may("read")) { waiting = 0; siren.sound(false); return; }
  const found = await get("/alerts").catch(() => null);
  if (!found) return;
  waiting = found.unacknowledged;
  siren.sound(may("operate") && found.alerts.some((each) => each.state === "raised" && each.severity !== "info"));
  drawNav(read().name);
}

/** Refresh what is shown, unless nobody looks or somebody is in the middle of something. */
async function refresh() {
  clearTimeout(timer);
  const busy = document.querySelector("dialog") || ["INPUT", "SELECT", "TEXTAREA"].includes(document.activeElement?.tagName);
  if (document.hidden || busy || refreshing) { timer = setTimeout(refresh, REFRESH_MS / 6); return; }
  refreshing = true;
  await show({ quiet: true });
  refreshing = false;
}

function drawTop() {
  const city = me.city || t("视频网运行监测", "video network");
  const age = h("span", { class: "age", id: "age" });
  $("top").replaceChildren(h("h1", {}, city), age,
    h("div", { class: "tools" },
      h("button", { type: "button", lang: ui.lang === "zh" ? "en" : "zh", onclick: () => { setLang(ui.lang === "zh" ? "en" : "zh"); kept.clear(); show(); } }, ui.lang === "zh" ? "English" : "中文"),
      may("operate") ? h("button", { type: "button", "aria-pressed": String(siren.on), title: t("告警声音", "alarm sound"), onclick: () => { siren.toggle(); drawTop(); } }, speaker(siren.on), h("span", { class: "sr" }, t("告警声音", "alarm sound"))) : null,
      h("button", { type: "button", "aria-pressed": String(ui.dark), title: t("深色", "dark"), onclick: () => { setDark(!ui.dark); show({ quiet: true }); } }, h("span", { "aria-hidden": "true" }, "◐"), h("span", { class: "sr" }, t("深色", "dark"))),
      me.via === "session"
        ? [h("span", { class: "note" }, me.name), h("button", { type: "button", onclick: async () => { await logOut(); kept.clear(); show(); } }, t("退出", "log out"))]
        : [me.via === "guest" ? h("span", { class: "note" }, t("访客（只读）", "guest, read-only")) : null, h("button", { type: "button", id: "login", onclick: askLogin }, t("登录", "log in"))]));
  $("skip").textContent = t("跳到正文", "skip to content");
  $("foot").textContent = t("只看设备，不看人 · 未知既不算在线也不算离线 · 时间均为城市时区", "Devices, never people · unknown is neither online nor offline · all times are the city's");
  drawAge();
}

/** A loudspeaker, drawn: the fonts of a closed network's machines may have none. */
const speaker = (on) => svg("svg", { viewBox: "0 0 20 16", width: 20, height: 16, "aria-hidden": "true", fill: "none", stroke: "currentColor", "stroke-width": 1.7, "stroke-linecap": "round" },
  svg("path", { d: "M1.5 5.5h3L9 2v12l-4.500-3.500h-3z", fill: "currentColor", "stroke-linejoin": "round" }),
  svg("path", { d: on ? "M12 5.200a4 4 0 0 1 0 5.600M14.500 2.800a7.500 7.500 0 0 1 0 10.400" : "M12.500 5.500l5 5m0-5l-5 5" }));

/** Say how old the figures are, loudly once they are stale. */
function drawAge() {
  const age = $("age");
  if (!age || !freshness) return;
  const passed = (Date.now() - fetchedAt) / 1000;
  const old = freshness.as_of === null ? null : freshness.now - freshness.as_of + passed;
  const stale = old === null || old > freshness.stale_after_s;
  const text = old === null ? t("尚无数据", "no data yet")
    : `${t("截至", "as of")} ${whenExactly(freshness.as_of)} (${zoneName(freshness.as_of)}) · ${t(`${span(old)}前`, `${span(old)} ago`)}`;
  age.textContent = stale && old !== null ? `${t("数据过时", "STALE")} · ${text}` : text;
  age.classList.toggle("old", stale);
  const banner = $("banner");
  const words = [stale && old !== null ? t(`数据已过时 ${span(old)}：以下数字不代表当前`, `The data is ${span(old)} old: the figures below are not of now`) : "", ...freshness.problems].filter(Boolean).join("\n");
  if (words !== banner.dataset.words) { banner.dataset.words = words; banner.textContent = words; }
}

function drawNav(name) {
  const shown = HIDDEN[name] || name;
  $("nav").setAttribute("aria-label", t("页面", "views"));
  $("nav").replaceChildren(...VIEWS.filter(([, , , right]) => may(right)).map(([each, zh, en]) =>
    h("a", { href: link(each), "aria-current": each === shown ? "page" : null }, t(zh, en), each === "alerts" && waiting ? h("span", { class: "count", title: t("待确认", "to be acknowledged") }, String(waiting)) : null)));
}

function welcome() {
  return h("section", { class: "card" }, h("h2", {}, t("请登录", "Please log in")), h("p", {}, t("账号由管理员建立：", "Accounts are made by the administrator: "), h("code", {}, "vidnet user add")),
    h("button", { class: "main", type: "button", onclick: askLogin }, t("登录", "log in")));
}

function askLogin() {
  const code = input(t("验证码（第二因素）", "code of the second factor"), "code", { autocomplete: "one-time-code", inputmode: "numeric", maxlength: "10" });
  code.hidden = true;
  ask(t("登录", "Log in"), [
    input(t("账号", "name"), "name", { required: true, autocomplete: "username", maxlength: "64" }),
    input(t("口令", "password"), "password", { type: "password", required: true, autocomplete: "current-password", maxlength: "256" }), code,
  ], async (values) => {
    try { await logIn(values.name, values.password, values.code || ""); }
    catch (error) { if (error.codeWanted) { code.hidden = false; code.querySelector("input").focus(); throw new Error(t("请输入验证码", "enter the code")); } throw error; }
    kept.clear();
    await start();
  }, { button: t("登录", "log in") });
}

async function start() {
  await knowMe();
  if (me.regions.length) {
    const found = await get("/overview").catch(() => null);
    if (found) { ui.zone = found.zone; me.city = `${regionName(found.whole.region)}${t("视频网运行监测", " video network")}`; freshness = { ...found.freshness, read: Date.now() }; fetchedAt = Date.now(); }
  }
  await show();
}

dress();
if (read().query.lang) setLang(read().query.lang);
addEventListener("hashchange", () => show());
document.addEventListener("visibilitychange", () => { if (!document.hidden && Date.now() - fetchedAt > REFRESH_MS / 2) refresh(); });
setInterval(drawAge, TICK_MS);
drawTop();
start();
