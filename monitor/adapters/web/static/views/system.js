// The service itself: collectors, queue, store, backups, accounts, tokens, audit.

import { OUTCOMES, said } from "../looks.js";
import { change, get, knownRegions, may, me, url } from "../api.js";
import { h, number, span, t, when, whenExactly } from "../dom.js";
import { ask, input, refusalText, regionName, select, table } from "../parts.js";

const ROLES = [["viewer", "查看", "viewer"], ["reporter", "县区填报", "county reporter"], ["contractor", "维护单位", "contractor"], ["operator", "值班", "operator"], ["approver", "审批", "approver"], ["auditor", "审计", "auditor"], ["administrator", "管理员", "administrator"]];
const roleName = (code) => { const found = ROLES.find(([each]) => each === code); return found ? t(found[1], found[2]) : code; };

export async function load() {
  const nothing = Promise.resolve(null);
  const [system, backups, tokens, accounts, audit, regions] = await Promise.all([
    get("/system"), may("administer") ? get("/backups").catch(() => null) : nothing, me.via === "session" ? get("/tokens") : nothing, may("administer") ? get("/accounts").catch(() => null) : nothing, may("audit") ? get("/audit", { limit: 50 }).catch(() => null) : nothing, knownRegions()]);
  return { system, backups, tokens, accounts, audit, regions };
}
export const title = () => t("系统", "System");

function grantText(grant, regions) {
  const region = grant.region ? (regions.get(grant.region) ? regionName(regions.get(grant.region)) : grant.region) : t("全市", "whole city");
  return `${roleName(grant.role)} @ ${region}${grant.organisation ? ` (${grant.organisation})` : ""}`;
}

export function draw(ctx, { system, backups, tokens, accounts, audit, regions }) {
  const looks = new Map();
  for (const each of system.looks) looks.set(each.protocol, [...(looks.get(each.protocol) || []), each]);
  const fact = (name, value) => [h("dt", {}, name), h("dd", {}, value)];
  return h("div", { class: "grid" },
    h("section", { class: "card w6" }, h("h2", {}, t("服务", "Service")), h("dl", { class: "facts" },
      fact(t("状况", "state"), system.problems.length ? h("span", { class: "error" }, system.problems.join("\n")) : h("span", { class: "state online" }, `✔ ${t("正常", "all well")}`)),
      fact(t("版本", "version"), system.version), fact(t("启动", "started"), whenExactly(system.started_at)),
      fact(t("最近探测", "last look"), whenExactly(system.last_look_at)), fact(t("探测间隔", "interval"), span(system.interval_s)),
      fact(t("进行中", "under way"), number(system.under_way)), fact(t("排队落后", "queue lag"), span(system.queue_lag_s)), fact(t("循环落后", "loop lag"), `${(system.loop_lag_s * 1000).toFixed(1)} ms`),
      fact(t("数据库", "store"), [system.store, " ", system.store_ok ? `✔ ${t("可写", "writable")}` : h("span", { class: "error" }, t("不可写", "not writable"))]), fact(t("等待写入", "waiting"), number(system.waiting_devices)),
      fact(t("本方网络", "our own network"), system.own_network_up ? `✔ ${t("正常", "up")}` : h("span", { class: "error" }, t("中断，判断暂停", "down: judging is held"))),
      fact(t("被拒登录", "refused logins"), `${number(system.refused_logins)} · ${t("限流", "throttled")} ${number(system.throttled_logins)}`),
      fact(t("被拒请求", "refused requests"), Object.entries(system.refused).map(([why, count]) => `${why} ${number(count)}`).join(" · ") || "0"))),
    h("section", { class: "card w6" }, h("h2", {}, t("探测", "Looks")), table(t("自启动以来的探测结果", "looks since the start, by result"), [
      [t("协议", "protocol"), (row) => row.protocol], [t("结果", "result"), (row) => [said(OUTCOMES, row.result), " ", h("span", { class: "note" }, row.result)]], [t("次数", "count"), (row) => number(row.count), { right: true }]], system.looks)),
    backups ? backupCard(ctx, backups.backups) : null,
    tokens ? h("section", { class: "card" }, h("h2", {}, t("接口令牌", "API tokens")),
      h("div", { class: "actions noprint" }, h("button", { type: "button", onclick: () => newToken(ctx) }, t("新增令牌", "new token")), h("button", { type: "button", onclick: () => newPassword() }, t("更换口令", "change password"))),
      table(t("令牌", "tokens"), [
        [t("编号", "id"), (row) => row.id], [t("账号", "account"), (row) => row.account], [t("用途", "label"), (row) => row.label], [t("权利", "rights"), (row) => row.rights.join(", ") || t("全部", "all")],
        [t("失效", "expires"), (row) => when(row.expires_at)], [t("用过", "used"), (row) => when(row.used_at)],
        ["", (row) => (row.revoked_at ? t("已吊销", "revoked") : h("button", { type: "button", onclick: async () => { await change("POST", `/tokens/${row.id}/revoke`); ctx.again(); } }, t("吊销", "revoke")))],
      ], tokens.tokens, { hideCaption: true, empty: t("没有令牌", "no tokens") })) : null,
    accounts ? h("section", { class: "card" }, h("h2", {}, t("账号", "Accounts")),
      h("div", { class: "actions noprint" }, h("button", { type: "button", onclick: () => newAccount(ctx, regions) }, t("新增账号", "new account"))),
      table(t("账号", "accounts"), [
        [t("账号", "name"), (row) => row.name], [t("角色与区划", "roles"), (row) => row.grants.map((each) => h("div", {}, grantText(each, regions)))], [t("第二因素", "second factor"), (row) => (row.totp ? "✔" : "–")], [t("建立", "made"), (row) => when(row.created_at)],
        ["", (row) => h("button", { type: "button", onclick: async () => { await change("PATCH", `/accounts/${encodeURIComponent(row.name)}`, { disabled: !row.disabled }); ctx.again(); } }, row.disabled ? t("恢复", "enable") : t("停用", "disable"))],
      ], accounts.accounts, { hideCaption: true })) : null,
    audit ? h("section", { class: "card" }, h("h2", {}, t("审计日志", "Audit log")), h("div", { class: "actions noprint" }, h("a", { class: "button", href: url("/audit.jsonl"), download: "vidnet-audit.jsonl" }, t("全部导出", "export all"))),
      table(t("审计日志，新的在前", "the audit log, newest first"), [
        ["#", (row) => row.seq, { right: true }], [t("时间", "at"), (row) => whenExactly(row.at), { cls: "nowrap" }], [t("何人", "who"), (row) => row.who], [t("来自", "from"), (row) => `${row.via} ${row.address}`, { cls: "hide-s" }],
        [t("动作", "action"), (row) => row.action], [t("对象", "target"), (row) => row.target], [t("结果", "outcome"), (row) => row.outcome],
        [t("前 → 后", "before → after"), (row) => (row.before || row.after ? h("details", {}, h("summary", {}, t("详情", "details")), h("pre", {}, `${row.before}\n→\n${row.after}`)) : ""), { cls: "hide-s" }],
      ], audit.entries, { hideCaption: true })) : null);
}

function backupCard(ctx, backups) {
  const message = h("span", { class: "note", role: "status" });
  const make = async (event) => {
    event.target.disabled = true;
    message.textContent = t("正在备份…", "backing up …");
    try { await change("POST", "/backups"); ctx.again(); } catch (error) { message.textContent = refusalText(error); event.target.disabled = false; }
  };
  return h("section", { class: "card" }, h("h2", {}, t("备份", "Backups")),
    h("div", { class: "actions noprint" }, h("button", { type: "button", onclick: make }, t("立即备份", "back up now")), message),
    table(t("备份，新的在前", "backups, newest first"), [
      [t("时间", "at"), (row) => whenExactly(row.at), { cls: "nowrap" }], [t("文件", "file"), (row) => row.file], [t("大小", "size"), (row) => `${(row.bytes / 1e6).toFixed(1)} MB`, { right: true }],
    ], backups, { hideCaption: true, empty: t("还没有备份", "no backup yet") }));
}

function newToken(ctx) {
  ask(t("新增令牌", "New token"), [input(t("用途", "what for"), "label", { required: true, maxlength: "100" }), input(t("天数", "days"), "days", { type: "number", value: "90", min: "1", max: "366", required: true }),
    select(t("权利", "right"), "right", me.rights.map((each) => [each, each]), "read")], async (values) => {
    const made = await change("POST", "/tokens", { label: values.label, days: Number(values.days), rights: values.right ? [values.right] : [] });
    ask(t("令牌，只显示这一次", "The token, shown this once"), [h("pre", { class: "wide" }, made.token)], async () => { ctx.again(); }, { button: t("已抄录", "I have copied it") });
  });
}
function newPassword() {
  ask(t("更换口令", "Change password"), [input(t("现用口令", "present password"), "old", { type: "password", required: true, autocomplete: "current-password" }), input(t("新口令（至少 10 个字符）", "new password (10 characters or more)"), "new", { type: "password", required: true, autocomplete: "new-password", minlength: "10" })],
    async (values) => { await change("POST", "/session/password", values); location.reload(); });
}
function newAccount(ctx, regions) {
  const counties = [...regions.values()].filter((each) => each.level === "county").map((each) => [each.code, regionName(each)]);
  ask(t("新增账号", "New account"), [input(t("账号", "name"), "name", { required: true, maxlength: "64" }), input(t("初始口令", "first password"), "password", { type: "password", required: true, minlength: "10", autocomplete: "new-password" }),
    select(t("角色", "role"), "role", ROLES.map(([code]) => [code, roleName(code)]), "viewer", { all: false }), select(t("区划", "region"), "region", counties, ""), input(t("维护单位（仅维护单位账号）", "organisation (contractors only)"), "organisation", { maxlength: "100" })],
    async (values) => { await change("POST", "/accounts", { name: values.name, password: values.password, grants: [{ role: values.role, region: values.region || null, organisation: values.organisation }] }); ctx.again(); });
}
