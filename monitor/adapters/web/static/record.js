// A device's record as a form: its fields, and the one-row sheet that a form is sent as.

import { t } from "./dom.js";
import { wordsOf } from "./parts.js";

export const KINDS = ["camera", "checkpoint", "recorder", "gateway", "platform", "sensor", "other"];
export const CLASSES = ["first", "second", "third", "internal", "other"];

/** What stays with the place when the hardware is replaced, and what goes with the old one. */
export const HARDWARE = ["vendor", "model", "serial", "mac", "ip", "protocol", "address", "camera_type", "encoding", "supply_light", "installed_on"];

/** Field, its names, how it is asked for, and whether a change of it is decided by somebody else. */
export const FIELDS = [
  ["id", "设备编码", "id", "text"], ["kind", "类型", "kind", KINDS, true], ["point_class", "类别", "class", CLASSES, true],
  ["name", "名称", "name", "text"], ["region", "行政区划代码", "region code", "text", true], ["point", "点位", "point", "text", true],
  ["protocol", "协议", "protocol", "text"], ["address", "探测地址", "address that is looked at", "text"],
  ["ip", "IPv4", "IPv4", "text"], ["ipv6", "IPv6", "IPv6", "text"], ["mac", "MAC", "MAC", "text"], ["vendor", "厂商", "vendor", "text"], ["model", "型号", "model", "text"], ["serial", "序列号", "serial", "text"],
  ["common_name", "点位俗称", "common name", "text"], ["place", "安装地址", "place", "text"], ["longitude", "经度", "longitude", "text"], ["latitude", "纬度", "latitude", "text"], ["pole", "立杆编号", "pole", "text"],
  ["camera_type", "摄像机类型", "camera type", "text"], ["function_type", "功能类型", "function", "text"], ["supply_light", "补光", "light", "text"], ["encoding", "编码格式", "encoding", "text"],
  ["position_type", "位置类型", "position", "text"], ["direction", "朝向", "direction", "text"], ["networked", "联网属性", "networked", ["", "yes", "no"]],
  ["owner_unit", "建设单位", "owner unit", "text"], ["maintainer", "维护单位", "maintainer", "text"], ["contract", "合同", "contract", "text"], ["police_station", "所属公安机关代码", "police station code", "text"], ["department", "所属部门", "department", "text"],
  ["installed_on", "安装时间（2024-05-01）", "installed on (2024-05-01)", "text"], ["retention_days", "录像保存天数", "retention days", "text"],
];
/** What only a new device is told: later it is changed by a request. */
export const AT_FIRST = [["parent", "上级设备编码", "id of what it is reached through", "text"], ["in_service_on", "启用时间（2024-05-01）", "in service from (2024-05-01)", "text"]];
const ALWAYS = ["id", "kind", "point_class", "region"];

export const nameOf = (field) => { const known = [...FIELDS, ...AT_FIRST].find(([each]) => each === field); return known ? t(known[1], known[2]) : field; };
export const optionsOf = (codes, value) => wordsOf([...new Set([...codes, value])].filter(Boolean));

/** What is recorded of a device, field by field. */
export function recorded({ device, record, protocol, address, owner_unit, contract, police_station }) {
  const known = { ...record, id: device.id, kind: device.kind, point_class: device.point_class, name: device.name, region: device.region, point: device.point, maintainer: device.maintainer, protocol, address, owner_unit, contract, police_station };
  return Object.fromEntries(FIELDS.map(([field]) => [field, known[field] ?? ""]));
}

/** Give a form's values as a sheet of one row: what every row needs, and the fields that differ from what is recorded. */
export function sheetOf(values, before) {
  const fields = [...FIELDS, ...AT_FIRST].map(([field]) => field).filter((field) => field in values && (ALWAYS.includes(field) || values[field] !== (before[field] ?? "")));
  const line = (cells) => cells.map((cell) => `"${String(cell).replaceAll('"', '""')}"`).join(",");
  return { changed: fields.filter((field) => !before.id || !ALWAYS.includes(field) || values[field] !== before[field]), sheet: new Blob([`${line(fields)}\r\n${line(fields.map((field) => values[field]))}\r\n`]) };
}
