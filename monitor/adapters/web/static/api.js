// The API: one fetch, its refusals as errors, and the caller.

const BASE = "/api/v1";
export const me = { name: "", via: "", rights: [], regions: [], grants: [], csrf: "" };

export class Refusal extends Error {
  constructor(status, problem) {
    super(problem.title || `HTTP ${status}`);
    this.status = status;
    this.errors = problem.errors || [];
    this.codeWanted = Boolean(problem.code_wanted);
  }
}

async function answerOf(response) {
  if (response.status === 204) return null;
  const kind = response.headers.get("Content-Type") || "";
  const value = kind.includes("json") ? await response.json() : await response.text();
  if (!response.ok) throw new Refusal(response.status, typeof value === "string" ? { title: value } : value);
  return value;
}

/** Give the answer of a path; empty parameters are left out. */
export async function get(path, query) {
  return answerOf(await fetch(url(path, query), { credentials: "same-origin", headers: { Accept: "application/json" } }));
}

export function url(path, query) {
  const wanted = Object.entries(query || {}).filter(([, value]) => value !== "" && value !== null && value !== undefined);
  const text = new URLSearchParams(wanted).toString();
  return BASE + path + (text ? `?${text}` : "");
}

/** Make a change; the same click sent twice is one change. */
export async function change(method, path, body, key = crypto.randomUUID ? crypto.randomUUID() : String(Math.random()) + Date.now()) {
  const headers = { "X-CSRF-Token": me.csrf, "Idempotency-Key": key };
  const sent = { method, credentials: "same-origin", headers };
  if (body instanceof Blob) { sent.body = body; headers["Content-Type"] = "application/octet-stream"; }
  else if (body !== undefined) { sent.body = JSON.stringify(body); headers["Content-Type"] = "application/json"; }
  return answerOf(await fetch(BASE + path, sent));
}

export async function knowMe() { Object.assign(me, await get("/session")); return me; }
export async function logIn(name, password, code) { Object.assign(me, await change("POST", "/session", { name, password, code })); }
export async function logOut() { await change("DELETE", "/session"); await knowMe(); }
export const may = (right) => me.rights.includes(right);

let regions = null;
let regionsOf = "";
/** All regions that the caller may see, by code; read once for each caller. */
export async function knownRegions() {
  if (!regions || regionsOf !== me.name) {
    regionsOf = me.name;
    regions = new Map((await get("/regions")).regions.map((each) => [each.code, each]));
  }
  return regions;
}
