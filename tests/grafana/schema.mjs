// Holds boards (files named as arguments) against the official types of @grafana/schema, as a JSON schema; then a
// spoiled copy of the first, which must be refused.
import { readFileSync } from "node:fs";
import Ajv from "ajv";
import { createGenerator } from "ts-json-schema-generator";

const schema = createGenerator({
  path: "node_modules/@grafana/schema/dist/esm/raw/dashboard/x/dashboard_types.gen.d.ts",
  type: "Dashboard",
  skipTypeCheck: true,
}).createSchema("Dashboard");
const validate = new Ajv({ strict: false }).compile(schema);
const files = process.argv.slice(2);
let failed = false;
for (const file of files) {
  const good = validate(JSON.parse(readFileSync(file, "utf8")));
  console.log(good ? "valid" : `${file}: ${JSON.stringify(validate.errors.slice(0, 5))}`);
  failed ||= !good;
}
const spoiled = JSON.parse(readFileSync(files[0], "utf8"));
spoiled.panels[1].title = 7;
const taken = validate(spoiled);
console.log("spoiled:", taken ? "taken" : "refused");
process.exit(failed || taken ? 1 : 0);
