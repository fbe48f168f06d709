// Whether files are AsyncAPI 3.0 documents, by its own JSON schema, and what their payloads allow, by theirs.
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import Ajv from "ajv";

const require = createRequire(import.meta.url);
const ajv = new Ajv({ strict: false, validateFormats: false });
const isDocument = ajv.compile(require("@asyncapi/specs/schemas/3.0.0-without-$id.json"));

for (const file of process.argv.slice(2)) {
  const document = JSON.parse(await readFile(file, "utf8"));
  if (!isDocument(document)) throw new Error(`${file}: ${ajv.errorsText(isDocument.errors)}`);
  // Each payload is a JSON schema whose references lead into the document.
  const whole = new Ajv({ strict: false, validateFormats: false }).addSchema({ ...document, $id: "contract" });
  let payloads = 0;
  for (const [channel, { messages }] of Object.entries(document.channels)) {
    for (const [key, message] of Object.entries(messages)) {
      if (message.$ref) continue;
      whole.compile({ $ref: `contract#/channels/${channel}/messages/${key}/payload` });
      payloads++;
    }
  }
  if (payloads === 0) throw new Error(`${file} describes no event.`);
}
