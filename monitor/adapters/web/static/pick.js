// Choosing a region: a county, then a town of it.

import { knownRegions } from "./api.js";
import { t } from "./dom.js";
import { regionName, select } from "./parts.js";

export async function regionChoice(value) {
  const regions = await knownRegions();
  const chosen = regions.get(value);
  const lineage = [];
  for (let each = chosen; each; each = regions.get(each.parent)) lineage.unshift(each);
  const county = lineage.find((each) => each.level === "county"), town = lineage.find((each) => each.level === "town");
  const all = [...regions.values()];
  const counties = all.filter((each) => each.level === "county");
  const towns = all.filter((each) => each.level === "town" && (!county || each.parent === county.code));
  return { counties, towns, county, town, regions };
}

export function regionSelects(choice, go) {
  const options = (regions) => regions.map((each) => [each.code, regionName(each)]);
  return [
    choice.counties.length > 1 ? select(t("县市区", "county"), "county", options(choice.counties), choice.county?.code, { onchange: (event) => go({ region: event.target.value, cursor: "" }) }) : null,
    choice.county || choice.counties.length < 2 ? select(t("镇街", "town"), "town", options(choice.towns), choice.town?.code, { onchange: (event) => go({ region: event.target.value || choice.county?.code || "", cursor: "" }) }) : null,
  ];
}
