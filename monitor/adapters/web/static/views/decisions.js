// Exemptions 报备 and requests: proposed by a county, decided by somebody else.

import { change, get, may } from "../api.js";
import { h, half, instantOf, t, wallOf, when } from "../dom.js";
import { ask, input, select, state, table, word, wordsOf } from "../parts.js";

const REASONS = ["repair", "construction", "power", "network_cutover", "force_majeure", "other"];
const PARTIES = ["undecided", "city", "county", "carrier", "power", "owner_unit"];
const KINDS = ["retire", "suspend", "return", "reclassify", "move", "back_date", "hours", "parents", "clear_fault", "confirm_fault", "correction"];
const FIELDS = { reclassify: "point_class", move: "point", back_date: "in_service_from", hours: "service_windows", parents: "parents", clear_fault: "fault", confirm_fault: "fault" };

export async function load(ctx) {
  const tab = ctx.query.tab === "requests" ? "requests" : "exemptions";
  return { tab, list: (await get(`/${tab}`, { region: ctx.query.region, state: ctx.query.state }))[tab], now: Math.floor(Date.now() / 1000) };
}
export const title = () => t("报备与申请", "Exemptions and requests");

function who(name) { return name.startsWith("as:") ? `${name.slice(3)} ${t("（未核实）", "(unverified)")}` : name; }

function decide(ctx, path, verb, name) {
  return ask(name, [input(verb === "refuse" ? t("理由", "why") : t("说明", "note"), "note", { required: verb === "refuse", maxlength: "300", cls: "wide" })],
    async (values) => { await change("POST", `${path}/${verb}`, { note: values.note }); ctx.again(); }, { button: name });
}

export function proposeExemption(ctx, { id = "", scope = "device", scope_id = "", start, end, reason = "repair", party = "undecided", document = "" } = {}) {
  const now = Math.floor(Date.now() / 1000);
  return ask(id ? t(`修改或延期 ${id}`, `Change or extend ${id}`) : t("申报报备", "Propose an exemption"), [
    select(t("对象", "for"), "scope", wordsOf(["device", "point", "region", "path"]), scope, { all: false }),
    input(t("编码", "its id"), "scope_id", { value: scope_id, required: true, maxlength: "64" }),
    input(t("开始", "from"), "start", { type: "datetime-local", value: wallOf(start ?? now), required: true }),
    input(t("结束", "to"), "end", { type: "datetime-local", value: wallOf(end ?? now + 86400), required: true }),
    select(t("原因", "reason"), "reason", wordsOf(REASONS), reason, { all: false }),
    select(t("责任方", "responsible"), "party", wordsOf(PARTIES), party, { all: false }),
    input(t("文号", "document"), "document", { value: document, maxlength: "300" }), input(t("说明", "note"), "note", { maxlength: "300" }),
    h("label", { class: "check" }, h("input", { type: "checkbox", name: "planned" }), t("计划施工", "planned work")),
    h("label", { class: "check" }, h("input", { type: "checkbox", name: "back_dated" }), t("补报（由审批人判断）", "late, for the approver to judge")),
  ], async (values) => {
    const sent = { ...values, id, start: instantOf(values.start), end: instantOf(values.end), planned: "planned" in values, back_dated: "back_dated" in values };
    const answer = await change("POST", "/exemptions", sent);
    if (answer.warnings.length) alert(answer.warnings.map(half).join("\n"));
    ctx.go({ propose: "", state: "" });
    ctx.again();
  });
}

function makeRequest(ctx, entity_id = "") {
  const now = Math.floor(Date.now() / 1000);
  const field = h("div", { class: "wide" });
  const kind = select(t("申请", "asked for"), "kind", wordsOf(KINDS), "retire", { all: false, onchange: (event) => draw(event.target.value) });
  const draw = (value) => field.replaceChildren(...(value === "correction" ? [h("div", { class: "filters" },
    select(t("轴", "axis"), "axis", wordsOf(["connectivity", "condition"]), "connectivity", { all: false }),
    input(t("开始", "from"), "start", { type: "datetime-local", value: wallOf(now - 7200), required: true }), input(t("结束", "to"), "end", { type: "datetime-local", value: wallOf(now - 3600), required: true }),
    select(t("更正为", "was"), "state", wordsOf(["online", "offline", "unknown", "intact", "faulty"]), "online", { all: false }), select(t("责任方", "responsible"), "party", wordsOf(PARTIES), "undecided", { all: false }))]
    : FIELDS[value] ? [input(t(`新值（${FIELDS[value]}）`, `new value of ${FIELDS[value]}`), "new", { required: true, maxlength: "300" })] : []));
  return ask(t("提出申请", "Make a request"), [kind, input(t("设备编码", "id of the device"), "entity_id", { value: entity_id, required: true, maxlength: "64" }),
    input(t("理由", "why"), "reason", { required: true, maxlength: "300", cls: "wide" }), input(t("文号", "document"), "document", { maxlength: "300" }), field], async (values) => {
    const sent = { kind: values.kind, entity_id: values.entity_id, reason: values.reason, document: values.document };
    if (FIELDS[values.kind]) sent.changes = [{ field: FIELDS[values.kind], new: values.new }];
    if (values.kind === "correction") sent.correction = { axis: values.axis, start: instantOf(values.start), end: instantOf(values.end), state: values.state, party: values.party };
    await change("POST", "/requests", sent);
    ctx.go({ ask: "", state: "" });
    ctx.again();
  });
}

export function draw(ctx, { tab, list, now }) {
  const { query } = ctx;
  if (query.propose && may("propose") && !document.querySelector("dialog")) queueMicrotask(() => proposeExemption(ctx, { scope_id: query.propose }));
  if (query.ask && may("propose") && !document.querySelector("dialog")) queueMicrotask(() => makeRequest(ctx, query.ask));
  const states = tab === "exemptions" ? ["draft", "submitted", "approved", "refused", "ended"] : ["submitted", "approved", "refused", "withdrawn"];
  const toDevice = (scope, id, name) => (scope === "device" || scope === "path" ? h("a", { href: ctx.link("device", { id }) }, name || id) : `${name || ""} ${id}`);
  const buttons = (row) => {
    const path = `/${tab}/${encodeURIComponent(row.id)}`;
    const running = row.state === "approved" && row.end > now;
    return h("div", { class: "actions noprint" },
      row.may_decide ? [h("button", { type: "button", class: "main", onclick: () => decide(ctx, path, "approve", t("批准", "approve")) }, t("批准", "approve")), h("button", { type: "button", onclick: () => decide(ctx, path, "refuse", t("不批准", "refuse")) }, t("不批准", "refuse"))] : null,
      tab === "exemptions" && may("propose") && running ? [h("button", { type: "button", onclick: () => proposeExemption(ctx, row) }, t("延期", "extend")), h("button", { type: "button", onclick: () => decide(ctx, path, "end", t("提前结束", "end early")) }, t("提前结束", "end early"))] : null,
      tab === "requests" && row.mine && row.state === "submitted" ? h("button", { type: "button", onclick: () => decide(ctx, path, "withdraw", t("撤回", "take back")) }, t("撤回", "take back")) : null);
  };
  return h("section", { class: "card" },
    h("h2", {}, t("报备与申请", "Exemptions and requests")),
    h("div", { class: "filters noprint" },
      ["exemptions", "requests"].map((each) => h("a", { class: "button", "aria-current": each === tab ? "page" : null, href: ctx.link("decisions", { tab: each === "exemptions" ? "" : each }) }, each === tab ? h("strong", {}, tabName(each)) : tabName(each))),
      select(t("状态", "state"), "state", wordsOf(states), query.state, { onchange: (event) => ctx.go({ state: event.target.value }) }),
      may("propose") ? h("button", { type: "button", class: "main", onclick: () => (tab === "exemptions" ? proposeExemption(ctx) : makeRequest(ctx)) }, tab === "exemptions" ? t("申报报备", "propose an exemption") : t("提出申请", "make a request")) : null),
    tab === "exemptions" ? table(t(`${list.length} 条`, `${list.length} exemptions`), [
      [t("编号", "id"), (row) => row.id, { cls: "nowrap" }],
      [t("状态", "state"), (row) => state(row.state)],
      [t("对象", "for"), (row) => [h("span", { class: "note" }, word(row.scope), " "), toDevice(row.scope, row.scope_id, row.name)]],
      [t("时段", "window"), (row) => [when(row.start), " – ", when(row.end), row.end > now && row.start <= now && row.state === "approved" ? h("strong", {}, t(" 进行中", " running")) : ""]],
      [t("原因", "reason"), (row) => [word(row.reason), row.planned ? t("（计划）", " (planned)") : ""]],
      [t("申报 → 审批", "proposed → decided"), (row) => [who(row.proposer), row.approver ? ` → ${who(row.approver)}` : "", row.note ? h("div", { class: "note" }, row.note) : ""], { cls: "hide-s" }],
      [t("文号", "document"), (row) => row.document, { cls: "hide-s" }],
      [h("span", { class: "sr" }, t("操作", "actions")), buttons],
    ], list, { empty: t("没有报备", "no exemptions") }) : table(t(`${list.length} 条`, `${list.length} requests`), [
      [t("编号", "id"), (row) => row.id, { cls: "nowrap" }],
      [t("状态", "state"), (row) => state(row.state)],
      [t("申请", "asked for"), (row) => word(row.kind)],
      [t("对象", "for"), (row) => toDevice(row.entity === "device" ? "device" : row.entity, row.entity_id)],
      [t("内容", "what"), (row) => [row.changes.map((each) => h("div", {}, `${each.field}: ${each.old || "–"} → ${each.new || "–"}`)), row.correction]],
      [t("理由", "why"), (row) => [row.reason, row.document ? h("div", { class: "note" }, row.document) : ""]],
      [t("申请人 → 审批", "asked → decided"), (row) => [who(row.proposer), row.approver ? ` → ${who(row.approver)}` : "", row.note ? h("div", { class: "note" }, row.note) : ""], { cls: "hide-s" }],
      [h("span", { class: "sr" }, t("操作", "actions")), buttons],
    ], list, { empty: t("没有申请", "no requests") }));
}

function tabName(tab) { return tab === "exemptions" ? t("报备", "Exemptions") : t("申请", "Requests"); }
