// What two revisions of a report say differently.

import { get } from "../api.js";
import { h, t } from "../dom.js";
import { table } from "../parts.js";

export async function load(ctx) { return get(`/reports/${encodeURIComponent(ctx.query.folder)}/diff`, { earlier: ctx.query.earlier, later: ctx.query.later }); }
export const title = () => t("报表比较", "Compare reports");

export function draw(ctx, data) {
  const { folder, earlier, later } = ctx.query;
  return h("section", { class: "card" }, h("h2", {}, `${folder}: rev${earlier} → rev${later}`), table(t(`${data.rows.length} 处不同`, `${data.rows.length} differences`), [
    [t("区划", "region"), (row) => row.region_code], [t("类别", "class"), (row) => row.point_class], [t("类型", "kind"), (row) => row.device_kind], [t("列", "column"), (row) => row.column], [t("前", "before"), (row) => row.old], [t("后", "after"), (row) => row.new],
  ], data.rows, { empty: t("没有不同", "they say the same") }));
}
