// One device: what it is, what it was, what is wrong with it and what to do first.

import { change, get, may } from "../api.js";
import { h, half, span, svg, t, when, whenExactly } from "../dom.js";
import { ask, input, refusalText, regionName, state, table, word } from "../parts.js";
import { LOGINS, OUTCOMES, PICTURES, ROUTES, WAYS, said } from "../looks.js";
import { orderState } from "./orders.js";

const DAYS = 14, DAY_S = 86400;
const RECORD = {
  vendor: ["厂商", "vendor"], model: ["型号", "model"], longitude: ["经度", "longitude"], latitude: ["纬度", "latitude"], common_name: ["点位俗称", "common name"], ip: ["IPv4", "IPv4"], ipv6: ["IPv6", "IPv6"],
  mac: ["MAC", "MAC"], serial: ["序列号", "serial"], camera_type: ["摄像机类型", "camera type"], function_type: ["功能类型", "function"], supply_light: ["补光", "light"], encoding: ["编码格式", "encoding"],
  place: ["安装地址", "place"], position_type: ["位置类型", "position"], direction: ["朝向", "direction"], networked: ["联网属性", "networked"], installed_on: ["安装时间", "installed on"], retention_days: ["录像保存天数", "retention days"],
  department: ["所属部门", "department"], pole: ["立杆编号", "pole"],
};

export async function load(ctx) { return get(`/devices/${encodeURIComponent(ctx.query.id || "")}`); }
export const title = (ctx, data) => data.device.name || data.device.id;

/** Where an axis stood and when, by the rule of timelines: a change replaces whatever stood later. */
export function pieces(changes, corrections, axis, from, to) {
  let stands = [];
  for (const each of changes.filter((one) => one.axis === axis)) {
    if (!stands.length) stands.push([-Infinity, each.old]);
    stands = stands.filter(([at]) => at < each.at);
    stands.push([each.at, each.new]);
  }
  let found = stands.map(([at, code], place) => [at, place + 1 < stands.length ? stands[place + 1][0] : Infinity, code]);
  for (const each of corrections.filter((one) => one.axis === axis && !one.withdrawn)) {
    found = found.flatMap(([a, b, code]) => (b <= each.start || a >= each.end ? [[a, b, code]] : [[a, Math.min(b, each.start), code], [Math.max(a, each.end), b, code]].filter(([x, y]) => x < y)));
    found.push([each.start, each.end, each.state]);
  }
  return found.map(([a, b, code]) => [Math.max(a, from), Math.min(b, to), code]).filter(([a, b]) => a < b).sort((x, y) => x[0] - y[0]);
}

function timeline(data) {
  const to = data.now, from = to - DAYS * DAY_S;
  const parts = pieces(data.changes, data.corrections, "connectivity", from, to);
  const seconds = (code) => parts.filter((part) => part[2] === code).reduce((sum, [a, b]) => sum + b - a, 0);
  const words = ["online", "offline", "unknown"].map((code) => `${word(code)} ${span(seconds(code))}`).join(" · ");
  const days = Array.from({ length: DAYS }, (_, place) => from + place * DAY_S);
  return h("div", {},
    svg("svg", { class: "line", viewBox: `0 0 ${DAYS * DAY_S} 26`, preserveAspectRatio: "none", role: "img", "aria-label": words },
      parts.map(([a, b, code]) => svg("rect", { x: a - from, y: 0, width: b - a, height: 26, class: code }, svg("title", {}, `${word(code)} ${when(a)} – ${when(b)}`)))),
    h("div", { class: "ends" }, [days[0], days[7], to].map((at) => h("span", {}, when(at)))),
    h("p", { class: "note" }, parts.length ? words : t("尚无变化记录", "no change recorded yet")));
}

function decideFault(ctx, id, kind, fault) {
  const name = `${word(kind)}: ${half(fault.text)}`;
  return ask(name, [input(t("理由", "why"), "reason", { required: true, maxlength: "300", cls: "wide" }), input(t("文号", "document"), "document", { maxlength: "300" })], async (values) => {
    await change("POST", "/requests", { kind, entity_id: id, reason: values.reason, document: values.document, changes: [{ field: "fault", new: fault.code }] });
    ctx.again();
  }, { button: t("提交，由他人审批", "submit, for somebody else to approve") });
}

function clock({ clock_offset_s: offset, clock_limit_s: limit }) {
  if (offset === null) return "";
  const words = `${offset > 0 ? "+" : offset < 0 ? "−" : ""}${Math.abs(offset)} s`;
  return Math.abs(offset) > limit ? [h("strong", { class: "missed" }, `▲ ${words}`), ` ${t(`限值 ${limit} 秒`, `limit ${limit} s`)}`] : words;
}

function login(known) {
  if (!known) return "";
  const words = t(`${known.group} 第 ${known.version} 版，被拒 ${known.refusals} 次`, `${known.group} version ${known.version}, refused ${known.refusals} times`);
  return known.held ? [words, h("strong", { class: "missed" }, t("，已停止登录", ", held"))] : words;
}

function baselines(known) {
  if (!known.length) return t("尚无画面基准，暂不判断遮挡与移位", "no baseline yet: covered and moved are not judged");
  const each = known.map((one) => `${word(one.light)} ${t(`${one.looks} 次`, `${one.looks} looks`)}${one.ready ? "" : t("（学习中）", " (learning)")}`);
  return `${t("画面基准", "baseline")}: ${each.join(" · ")}`;
}

export function draw(ctx, data) {
  const { device } = data;
  const message = h("span", { class: "note", role: "status" });
  const look = async (event) => {
    event.target.disabled = true;
    try { await change("POST", `/devices/${encodeURIComponent(device.id)}/look`); message.textContent = t("正在探测，稍候自动更新", "looking now, the page follows"); setTimeout(ctx.again, 4000); }
    catch (error) { message.textContent = refusalText(error); }
  };
  const learn = (method, path, done) => async (event) => {
    event.target.disabled = true;
    try { await change(method, `/devices/${encodeURIComponent(device.id)}/${path}`); message.textContent = done; setTimeout(ctx.again, 1000); }
    catch (error) { message.textContent = refusalText(error); }
  };
  const isAnother = data.said && data.said.known_serial && data.said.known_serial !== data.said.serial;
  const fact = (name, value) => (value === "" || value === null || value === undefined ? null : [h("dt", {}, name), h("dd", {}, value)]);
  return [
    h("nav", { class: "crumbs", "aria-label": t("所属区划", "its regions") }, data.lineage.map((region, place) => [place ? " › " : "", h("a", { href: ctx.link("overview", { region: region.code }) }, regionName(region))])),
    h("div", { class: "grid" },
      h("section", { class: "card w8" },
        h("h2", {}, device.name || device.id),
        h("p", {}, state(device.connectivity), " ", t("自", "since"), ` ${whenExactly(device.since)}（${span(data.now - device.since)}）`, " · ", word(data.connectivity_cause), h("br"),
          state(device.condition), data.condition_since ? ` ${t("自", "since")} ${whenExactly(data.condition_since)}` : "", data.condition_cause ? ` · ${word(data.condition_cause)}` : "", " · ", state(device.standing)),
        h("h3", {}, t(`近 ${DAYS} 天连接`, `Connectivity, ${DAYS} days`)), timeline(data),
        h("div", { class: "actions noprint" },
          may("operate") && data.looked_at ? h("button", { type: "button", class: "main", onclick: look }, t("立即探测", "look now")) : null,
          may("operate") && isAnother ? h("button", { type: "button", onclick: learn("POST", "identity", t("已确认为新身份", "taken as known")) }, t("确认现在的身份", "take its identity as known")) : null,
          may("operate") && data.baselines.length ? h("button", { type: "button", onclick: learn("DELETE", "baseline", t("画面基准将重新学习", "its view is learned anew")) }, t("重学画面基准", "learn its view anew")) : null,
          may("import") ? h("a", { class: "button", href: ctx.link("edit", { id: device.id }) }, t("修改档案", "edit the record")) : null,
          may("import") ? h("a", { class: "button", href: ctx.link("edit", { id: device.id, mode: "replace" }) }, t("更换设备", "replace it")) : null,
          may("propose") ? h("a", { class: "button", href: ctx.link("decisions", { propose: device.id }) }, t("申报报备", "propose an exemption")) : null,
          may("propose") ? h("a", { class: "button", href: ctx.link("decisions", { tab: "requests", ask: device.id }) }, t("提出申请", "make a request")) : null,
          h("a", { class: "button", href: ctx.link("explain", { device: device.id, region: device.region }) }, t("为什么", "why")), message)),
      h("section", { class: "card w4" }, h("h3", {}, t("最近探测", "Last looks")), h("dl", { class: "facts" },
        fact(t("最近证据", "last evidence"), whenExactly(data.last_evidence_at)), fact(t("最近应答", "last answer"), whenExactly(data.answered_at)),
        fact(t("间隔", "interval"), data.interval_s ? span(data.interval_s) : ""), fact(t("协议", "protocol"), data.protocol), fact(t("地址", "address"), data.address), fact(t("途径", "route"), said(ROUTES, data.route)),
        Object.entries(data.evidence).map(([kind, at]) => fact(word(kind), whenExactly(at))),
        fact(t("时钟偏差", "clock"), clock(data)), fact(t("登录", "login"), login(data.login)),
        data.parents.length ? fact(t("上联", "parents"), data.parents.map((id) => [h("a", { href: ctx.link("device", { id }) }, id), " "])) : null)),
      h("section", { class: "card" }, h("h3", {}, t("故障与先做什么", "Faults, and what to do first")),
        table(t("故障", "faults"), [
          [t("故障", "fault"), (row) => [h("strong", {}, half(row.text)), h("span", { class: "note" }, ` ${row.code}`)]],
          [t("自", "since"), (row) => when(row.since), { cls: "nowrap" }],
          [t("确认", "confirmed"), (row) => (row.confirmed ? t("已确认", "yes") : t("待确认", "not yet")), { cls: "nowrap" }],
          [t("计入完好率", "counts"), (row) => (row.counts ? t("计入", "yes") : t("仅提示", "informs only")), { cls: "nowrap" }],
          [t("先做什么", "what to do first"), (row) => half(row.first)],
          may("propose") && data.faults.length ? [h("span", { class: "sr" }, t("操作", "actions")), (row) => h("div", { class: "actions noprint" },
            h("button", { type: "button", onclick: () => decideFault(ctx, device.id, "clear_fault", row) }, t("申请清除", "ask to clear")),
            row.confirmed ? null : h("button", { type: "button", onclick: () => decideFault(ctx, device.id, "confirm_fault", row) }, t("申请确认", "ask to confirm")))] : null,
        ].filter(Boolean), data.faults, { hideCaption: true, empty: t("未发现故障", "no fault is shown") })),
      h("section", { class: "card w6" }, h("h3", {}, t("一机一档", "Record")), h("dl", { class: "facts" },
        fact(t("编码", "id"), device.id), fact(t("类型", "kind"), word(device.kind)), fact(t("类别", "class"), word(device.point_class)), fact(t("点位", "point"), device.point),
        fact(t("维护单位", "maintainer"), device.maintainer), fact(t("建设单位", "owner unit"), data.owner_unit), fact(t("合同", "contract"), data.contract),
        Object.entries(data.record).filter(([name]) => name !== "name").map(([name, value]) => fact(RECORD[name] ? t(...RECORD[name]) : name, value)),
        fact(t("投入使用", "in service from"), data.in_service_from ? when(data.in_service_from) : ""), fact(t("建档", "recorded"), when(data.created_at)), fact(t("拆除", "retired"), data.retired_at ? when(data.retired_at) : ""))),
      h("section", { class: "card w6" }, h("h3", {}, t("报备", "Exemptions")), table(t("报备", "exemptions"), [
        [t("编号", "id"), (row) => row.id, { cls: "nowrap" }], [t("开始", "from"), (row) => when(row.start), { cls: "nowrap" }], [t("结束", "to"), (row) => when(row.end), { cls: "nowrap" }],
        [t("原因", "reason"), (row) => word(row.reason)], [t("文号", "document"), (row) => row.document, { cls: "hide-s" }],
      ], data.exemptions, { hideCaption: true, empty: t("没有报备", "none") })),
      h("section", { class: "card w7" }, h("h3", {}, t("深度巡检", "Deep looks")), table(t("最近十次", "the last ten"), [
        [t("时间", "at"), (row) => when(row.at), { cls: "nowrap" }], [t("结果", "outcome"), (row) => said(OUTCOMES, row.outcome)], [t("登录", "login"), (row) => said(LOGINS, row.login)],
        [t("时钟偏差", "clock"), (row) => (row.clock_offset_s === null ? "–" : `${row.clock_offset_s > 0 ? "+" : row.clock_offset_s < 0 ? "−" : ""}${Math.abs(row.clock_offset_s)} s`), { right: true, cls: "nowrap" }],
        [t("录像回溯", "recordings"), (row) => (row.retention_days === null ? "–" : t(`${row.retention_days} 天`, `${row.retention_days} days`)), { right: true, cls: "nowrap" }], [t("故障", "faults"), (row) => row.faults.join(", ")], [t("说明", "notes"), (row) => row.notes.map((note) => h("div", { class: "note" }, note)), { cls: "hide-s" }],
      ], data.deep_looks, { hideCaption: true, empty: t("尚未深度巡检", "not looked at deeply yet") })),
      h("section", { class: "card w5" }, h("h3", {}, t("设备自报", "What it said of itself")), data.said ? h("dl", { class: "facts" }, fact(t("时间", "at"), when(data.said.at)), fact(t("厂商", "maker"), data.said.maker), fact(t("型号", "model"), data.said.model), fact(t("固件", "firmware"), data.said.firmware),
        fact(t("序列号", "serial"), data.said.serial), data.said.known_serial && data.said.known_serial !== data.said.serial ? fact(t("已知序列号", "known serial"), data.said.known_serial) : null, fact(t("硬件", "hardware"), data.said.hardware), fact("MAC", data.said.macs.join(", ")), fact(t("码流", "profiles"), data.said.profiles.map((each) => h("div", {}, each)))) : h("p", { class: "empty" }, t("尚未自报", "nothing yet"))),
      data.picture ? h("section", { class: "card" }, h("h3", {}, t("画面（只有数值，不留图像）", "Picture, as numbers: no image is kept")), h("p", {}, whenExactly(data.picture.at), " · ", said(PICTURES, data.picture.outcome), data.picture.detail ? ` · ${half(data.picture.detail)}` : "", data.picture.width ? ` · ${data.picture.width}×${data.picture.height} · ${said(WAYS, data.picture.way)} · ${word(data.picture.light)}` : ""),
        h("p", { class: "note" }, baselines(data.baselines)), data.picture.reasons.map((each) => h("p", { class: "missed" }, h("strong", {}, `▲ ${half(each)}`))),
        h("details", {}, h("summary", {}, t("全部数值", "all numbers")), h("dl", { class: "facts" }, Object.entries(data.picture.scores).map(([name, value]) => fact(name, String(value)))))) : null,
      data.orders.length ? h("section", { class: "card" }, h("h3", {}, t("工单", "Work orders")), table(t("工单", "work orders"), [
        [t("编号", "id"), (row) => row.id], [t("状态", "state"), (row) => orderState(row.state)], [t("要修什么", "what"), (row) => t(row.title_zh, row.title_en)], [t("派单", "opened"), (row) => when(row.opened_at)], [t("结果", "result"), (row) => row.result],
      ], data.orders, { hideCaption: true })) : null,
      h("section", { class: "card" }, h("h3", {}, t("变化与更正", "Changes and corrections")), table(t("变化，新的在前", "changes, newest first"), [
        [t("时间", "at"), (row) => whenExactly(row.at ?? row.start), { cls: "nowrap" }],
        [t("轴", "axis"), (row) => word(row.axis)],
        [t("变化", "change"), (row) => (row.new ? [state(row.old), " → ", state(row.new)] : [t("更正为 ", "corrected to "), state(row.state), ` ${t("至", "until")} ${when(row.end)}`, row.withdrawn ? t("（已撤销）", " (withdrawn)") : ""])],
        [t("原因", "cause"), (row) => [word(row.cause), row.fault ? ` ${row.fault}` : "", row.author ? ` ${row.author}` : "", row.reason ? ` ${row.reason}` : ""]],
      ], [...data.changes, ...data.corrections].sort((a, b) => b.seq - a.seq).slice(0, 60), { hideCaption: true, empty: t("尚无变化", "no change yet") }))),
  ];
}
