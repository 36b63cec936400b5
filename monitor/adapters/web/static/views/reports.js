// Reports: published revisions, objections to drafts and their decisions, the final report.

import { change, get, may, me, url } from "../api.js";
import { h, instantOf, t, wallOf, when } from "../dom.js";
import { ask, input, refusalText, select, state, table, word, wordsOf } from "../parts.js";

const STATUS = { draft: ["草稿（可提异议）", "draft, open to objections"], final: ["正式", "final"], interim: ["期中", "interim: the period was not over"] };

export async function load() {
  const [reports, objections] = await Promise.all([get("/reports"), get("/objections")]);
  return { reports: reports.reports, objections: objections.objections };
}
export const title = () => t("报表", "Reports");

const inWords = (code) => (STATUS[code] ? t(...STATUS[code]) : code);

async function told(event, work) {
  const button = event.target, note = h("span", { class: "note", role: "status" }, t("进行中…", "working …"));
  button.after(note);
  button.disabled = true;
  try { note.textContent = await work(); } catch (error) { note.textContent = refusalText(error); note.className = "error"; }
  button.disabled = false;
}

function object(ctx, period) {
  const now = Math.floor(Date.now() / 1000);
  ask(t(`对 ${period} 提出异议`, `Object to ${period}`), [
    input(t("设备编码", "device"), "device", { required: true, maxlength: "64" }), select(t("轴", "axis"), "axis", wordsOf(["connectivity", "condition"]), "connectivity", { all: false }),
    input(t("开始", "from"), "start", { type: "datetime-local", required: true, value: wallOf(now - 7 * 86400) }), input(t("结束", "to"), "end", { type: "datetime-local", required: true, value: wallOf(now - 7 * 86400 + 3600) }),
    select(t("实际为", "it really was"), "claimed", wordsOf(["online", "offline", "unknown", "intact", "faulty"]), "online", { all: false }), input(t("文号", "document"), "document", { required: true, maxlength: "300" }),
    input(t("理由", "why"), "reason", { required: true, maxlength: "300", cls: "wide" })], async (values) => {
    await change("POST", "/objections", { ...values, period, start: instantOf(values.start), end: instantOf(values.end) });
    ctx.again();
  });
}

export function draw(ctx, { reports, objections }) {
  const newest = new Map();
  for (const each of reports) if (!newest.has(each.folder) || newest.get(each.folder).revision < each.revision) newest.set(each.folder, each);
  const drafts = [...newest.values()].filter((each) => each.status === "draft" && !each.region);
  const file = (row, name) => h("a", { href: url(`/reports/${row.folder}/${row.revision}/files/${encodeURIComponent(name)}`), download: true }, name);
  const main = (row) => row.files.filter((name) => /\.(xlsx|html)$/.test(name) || /^summary\.(zh|en)\.csv$/.test(name));
  const decide = (row, accept) => ask(accept ? t("采纳异议", "Accept") : t("不采纳异议", "Refuse"), [input(t("理由", "why"), "note", { required: true, maxlength: "300", cls: "wide" })],
    async (values) => { await change("POST", `/objections/${row.id}/decide`, { accept, note: values.note }); ctx.again(); });
  return h("div", { class: "grid" },
    h("section", { class: "card" }, h("h2", {}, t("报表", "Reports")),
      h("div", { class: "actions noprint" }, may("operate") ? h("button", { type: "button", onclick: () => ask(t("生成草稿", "Make a draft"), [input(t("周期，如 2026-W47 或 2026-11", "period, such as 2026-W47 or 2026-11"), "period", { required: true, maxlength: "30" })],
        async (values) => { await change("POST", "/reports", { period: values.period, region: me.regions.length === 1 ? me.regions[0] : null }); ctx.again(); }) }, t("生成草稿", "make a draft")) : null),
      table(t("已发布的版本，永不改动", "published revisions, never changed"), [
        [t("周期", "period"), (row) => [h("strong", {}, row.period), row.region ? ` ${row.region}` : ""], { cls: "nowrap" }], [t("版本", "revision"), (row) => `rev${row.revision}`, { cls: "nowrap" }],
        [t("状态", "status"), (row) => inWords(row.status)], [t("生成于", "made"), (row) => when(row.as_of), { cls: "nowrap" }], [t("据事实至", "facts up to"), (row) => row.seq, { right: true, cls: "hide-s" }],
        [t("文件", "files"), (row) => [main(row).map((name) => h("div", {}, file(row, name))), h("details", {}, h("summary", {}, t(`全部 ${row.files.length} 个`, `all ${row.files.length}`)), row.files.map((name) => h("div", {}, file(row, name))))]],
        [h("span", { class: "sr" }, t("操作", "actions")), (row) => h("div", { class: "actions noprint" },
          h("button", { type: "button", onclick: (event) => told(event, async () => { const { problems } = await get(`/reports/${row.folder}/${row.revision}/verify`); return problems.length ? problems.join("; ") : `✔ ${t("全部文件完好", "every file is as published")}`; }) }, t("校验", "verify")),
          row.revision > 1 ? h("a", { class: "button", href: ctx.link("reportdiff", { folder: row.folder, earlier: row.revision - 1, later: row.revision }) }, t("与前版比较", "compare")) : null,
          may("propose") && row.status === "draft" && newest.get(row.folder) === row ? h("button", { type: "button", onclick: () => object(ctx, row.period) }, t("提出异议", "object")) : null,
          may("decide") && row.status === "draft" && newest.get(row.folder) === row && !row.region ? h("button", { type: "button", onclick: () => finalise(ctx, row) }, t("定稿", "make it final")) : null)],
      ], reports, { empty: t("还没有报表：每周一自动生成，或用 vidnet report", "no report yet: one is made every Monday, or by vidnet report") })),
    h("section", { class: "card" }, h("h2", {}, t("异议", "Objections")),
      may("propose") && !drafts.length && !reports.length ? h("div", { class: "actions noprint" }, h("button", { type: "button", onclick: () => ask(t("对哪一期", "To which period"), [input(t("周期", "period"), "period", { required: true })], async (values) => { setTimeout(() => object(ctx, values.period)); }) }, t("提出异议", "object"))) : null,
      table(t("异议", "objections"), [
        [t("编号", "id"), (row) => row.id, { cls: "nowrap" }], [t("状态", "state"), (row) => state(row.state === "accepted" ? "approved" : row.state)], [t("周期", "period"), (row) => row.period, { cls: "nowrap" }],
        [t("设备", "device"), (row) => h("a", { href: ctx.link("device", { id: row.device }) }, row.device), { cls: "id" }], [t("主张", "claimed"), (row) => [word(row.axis), " ", word(row.claimed), h("div", { class: "note" }, `${when(row.start)} – ${when(row.end)}`)]],
        [t("理由", "why"), (row) => [row.reason, row.document ? h("div", { class: "note" }, row.document) : ""]], [t("提出 → 决定", "by → decided"), (row) => [row.proposer, row.approver ? ` → ${row.approver}` : "", row.note ? h("div", { class: "note" }, row.note) : ""], { cls: "hide-s" }],
        [h("span", { class: "sr" }, t("操作", "actions")), (row) => (row.may_decide ? h("div", { class: "actions noprint" }, h("button", { type: "button", class: "main", onclick: () => decide(row, true) }, t("采纳", "accept")), h("button", { type: "button", onclick: () => decide(row, false) }, t("不采纳", "refuse"))) : "")],
      ], objections, { hideCaption: true, empty: t("没有异议", "no objections") })));
}

function finalise(ctx, row) {
  ask(t(`${row.period} 定稿`, `Make ${row.period} final`), [h("p", { class: "wide" }, t("定稿包含全部决定，发布后不再接受异议。", "It holds every decision; then no more objections are taken.")),
    h("label", { class: "check wide" }, h("input", { type: "checkbox", name: "early" }), t("提前结束异议期", "end the time for objections early"))],
  async (values) => { await change("POST", `/reports/${row.period}/final`, { early: "early" in values }); ctx.again(); }, { button: t("定稿", "make it final") });
}
