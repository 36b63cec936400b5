// One device's record: a new one, one that is corrected, or new hardware in the place of the old. A form is a sheet of one row:
// judged, compared and recorded by the same rules as every sheet; what moves a denominator becomes a request.

import { change, get, me } from "../api.js";
import { h, t } from "../dom.js";
import { input, refusalText, select } from "../parts.js";
import { AT_FIRST, FIELDS, HARDWARE, nameOf, optionsOf, recorded, sheetOf } from "../record.js";
import { showJudged } from "./import.js";

const MODES = { add: ["登记设备", "Add a device"], edit: ["修改档案", "Edit the record"], replace: ["更换设备", "Replace the hardware"] };

const modeOf = (ctx) => (ctx.query.id ? (ctx.query.mode === "replace" ? "replace" : "edit") : "add");

export async function load(ctx) { return ctx.query.id ? get(`/devices/${encodeURIComponent(ctx.query.id)}`) : null; }
export const title = (ctx) => t(...MODES[modeOf(ctx)]);

const HINTS = {
  add: ["新设备自登记之日起计入；一类、二类点位的设备请填写点位。", "A new device counts from the day of its record; name its point where it has one."],
  edit: ["名称、地址、厂商等立即生效；带 ◇ 的改变考核口径，成为申请，由他人审批。", "Names, addresses and the like hold at once; what is marked ◇ moves a denominator and becomes a request that somebody else decides."],
  replace: ["编码不变，历史、报备与考核连续；只改硬件信息。清空表示新设备没有该项。", "The id stays, and with it history, exemptions and figures; only the hardware's fields change. An emptied field is empty for the new one."],
};

export function draw(ctx, data) {
  const mode = modeOf(ctx), before = data ? recorded(data) : {};
  const found = ctx.kept(`found ${ctx.query.id} ${mode}`, () => h("div", {}));
  const form = ctx.kept(`form ${ctx.query.id} ${mode}`, () => makeForm(ctx, mode, before, found));
  return [
    data ? h("nav", { class: "crumbs" }, h("a", { href: ctx.link("device", { id: data.device.id }) }, data.device.name || data.device.id)) : null,
    h("section", { class: "card" }, h("h2", {}, t(...MODES[mode])), h("p", { class: "note" }, t(...HINTS[mode])), form), found,
  ];
}

function field([name, , , form, decided], value, mode) {
  const label = `${nameOf(name)}${decided && mode !== "add" ? " ◇" : ""}`;
  if (Array.isArray(form)) return select(label, name, [...(form.includes("") ? [["", t("无", "none")]] : []), ...optionsOf(form, value)], value, { all: false });
  return input(label, name, { type: form, value, maxlength: "256", required: name === "id", readonly: name === "id" && mode !== "add" });
}

function makeForm(ctx, mode, before, found) {
  const message = h("p", { class: "error wide", role: "alert" });
  const submit = h("button", { class: "main", type: "submit" }, t("检查比对", "judge and compare"));
  const shown = mode === "add" ? [...FIELDS, ...AT_FIRST] : FIELDS.filter(([name]) => mode !== "replace" || name === "id" || HARDWARE.includes(name));
  return h("form", { class: "rows", onsubmit: async (event) => {
    event.preventDefault();
    const values = { kind: before.kind, point_class: before.point_class, region: before.region, ...Object.fromEntries([...new FormData(event.target)].map(([name, value]) => [name, value.trim()])) };
    const { changed, sheet } = sheetOf(values, before);
    found.replaceChildren();
    if (!changed.length) { message.textContent = t("没有改动", "nothing was changed"); return; }
    submit.disabled = true;
    message.textContent = t("正在检查…", "judging …");
    try {
      const query = new URLSearchParams({ kind: "devices", profile: "fields", name: `${values.id}.csv`.slice(-120), strict: true });
      if (me.regions.length === 1) query.set("region", me.regions[0]);
      const judged = await change("POST", `/imports?${query}`, sheet);
      message.textContent = "";
      showJudged(found, judged, { single: true, onRecorded: () => ctx.forget(`form ${ctx.query.id} ${mode}`) });
      found.prepend(h("p", {}, t("改动：", "changed: "), changed.map(nameOf).join("、")));
    } catch (error) { message.textContent = refusalText(error); }
    submit.disabled = false;
  } }, shown.map((each) => field(each, before[each[0]] ?? "", mode)), message, h("div", { class: "bottom" }, submit));
}
