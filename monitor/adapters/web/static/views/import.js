// Import: a sheet is judged first, its errors told by row; what is shown is what is recorded when confirmed.

import { change, me } from "../api.js";
import { h, half, number, t } from "../dom.js";
import { refusalText, select, table } from "../parts.js";

export async function load() { return {}; }
export const title = () => t("导入", "Import");

export function draw(ctx) {
  const found = ctx.kept("found", () => h("div", {}));
  const form = ctx.kept("form", () => makeForm(ctx, found));
  return [h("section", { class: "card" }, h("h2", {}, t("导入清单", "Import a sheet")),
    h("p", { class: "note" }, t("CSV（UTF-8、GB18030）、XLSX、XLS。先检查比对，确认后才保存；人员、电话、口令列不读取。改动考核口径的内容成为申请，由他人审批。", "CSV (UTF-8, GB18030), XLSX, XLS. Judged and compared first, recorded only when confirmed; columns of persons, phones and passwords are never read. What moves a denominator becomes a request that somebody else decides.")), form), h("p", {}), found];
}

function makeForm(ctx, found) {
  const file = h("input", { type: "file", name: "file", accept: ".csv,.xlsx,.xls", required: true, id: "sheet" });
  const message = h("p", { class: "error", role: "alert" });
  const submit = h("button", { class: "main", type: "submit" }, t("检查比对", "judge and compare"));
  const kinds = [["devices", t("设备（一机一档）", "devices")], ["points", t("点位", "points")], ["regions", t("行政区划", "regions")]];
  return h("form", { class: "filters", onsubmit: async (event) => {
    event.preventDefault();
    const values = Object.fromEntries(new FormData(event.target)), sheet = file.files[0];
    submit.disabled = true;
    message.textContent = t("正在检查…", "judging …");
    try {
      const query = new URLSearchParams({ kind: values.kind, name: sheet.name, strict: "strict" in values, retire_missing: "retire_missing" in values });
      if (me.regions.length === 1) query.set("region", me.regions[0]);
      showJudged(found, await change("POST", `/imports?${query}`, sheet));
      message.textContent = "";
    } catch (error) { found.replaceChildren(); message.textContent = refusalText(error); }
    submit.disabled = false;
  } }, select(t("内容", "what"), "kind", kinds, "devices", { all: false }), h("label", {}, t("文件", "file"), file),
  h("label", { class: "check" }, h("input", { type: "checkbox", name: "strict" }), t("有错全不导入", "all rows or none")), h("label", { class: "check" }, h("input", { type: "checkbox", name: "retire_missing" }), t("表中缺少的申请拆除", "ask for retirement of what it lacks")), submit, message);
}

/** Show what became of a sheet that was judged, with the button that records it; `onRecorded` is told when it was; `single`: of one row. */
export function showJudged(box, data, { onRecorded = () => {}, single = false } = {}) {
  const count = (name, value) => h("div", {}, h("dt", {}, name), h("dd", {}, number(value)));
  const message = h("p", { class: "error", role: "alert" });
  const confirm = h("button", { type: "button", class: "main", onclick: async () => {
    confirm.disabled = true;
    try { showJudged(box, await change("POST", `/imports/${data.id}/confirm`), { single }); onRecorded(); } catch (error) { message.textContent = refusalText(error); confirm.disabled = false; }
  } }, t("确认导入", "confirm and record"));
  box.replaceChildren(h("section", { class: "card" },
    h("h2", {}, data.id ? t("检查结果（尚未保存）", "What it is (nothing is recorded yet)") : data.recorded ? `✔ ${t("已保存", "recorded")}` : t("无变化，未保存", "nothing to record")),
    h("p", { class: "note" }, `${data.file} · ${t("模板", "profile")} ${data.profile} · sha256 ${data.sha256.slice(0, 16)}…`),
    h("dl", { class: "strip" }, count(t("行", "rows"), data.rows), count(t("合格", "accepted"), data.accepted), count(t("不合格", "rejected"), data.rejected), count(t("新增", "added"), data.added), count(t("变更", "changed"), data.changed),
      count(t("未变", "unchanged"), data.unchanged), single ? null : count(t("表中缺少", "missing"), data.missing), count(t("待审批", "to be decided"), data.proposals.length)),
    data.notes.map((note) => h("p", { class: "note" }, half(note))), data.left_out.length ? h("p", { class: "note" }, t("未读取的列（人员、电话、口令）：", "never read: "), data.left_out.join(", ")) : null,
    data.unknown_columns.length ? h("p", { class: "note" }, t("模板中没有的列：", "columns unknown to the profile: "), data.unknown_columns.join(", ")) : null,
    data.problem_count ? table(t(`${data.problem_count} 个问题`, `${data.problem_count} problems`), [
      [t("行", "row"), (row) => row.line, { right: true }], [t("列", "column"), (row) => row.column], [t("内容", "value"), (row) => row.value], [t("应为", "expected"), (row) => half(row.expected)], [t("程度", "severity"), (row) => (row.severity === "error" ? h("strong", { class: "missed" }, `✘ ${t("不导入", "kept out")}`) : t("提醒", "warning"))],
    ], data.problems) : null,
    h("div", { class: "actions" }, data.has_rejected_file ? h("a", { class: "button", href: `/api/v1/imports/${data.id}/rejected`, download: true }, t("下载不合格行", "download the rejected rows")) : null, data.id && data.accepted ? confirm : null), message));
}
