// Writes senders2_vectors.node.json: requests that the senders' own Node.js libraries call genuine, and one change of
// each that they refuse. make_senders2_vectors.py puts them into senders2_vectors.json. CI does not install the libraries:
//   npm i --ignore-scripts $(node -p 'require("./senders2_vectors.json").npm.join(" ")')
//   node make_senders2_vectors.mjs > senders2_vectors.node.json
import { createHash, createHmac } from "node:crypto";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { WebhookReceiver, AccessToken } from "livekit-server-sdk";
import { WebhookSignatureValidator } from "mercadopago";
import { basicAuthValidator } from "chargebee";

const now = 1795392000; // the clock of every library
const RealDate = Date;
globalThis.Date = class extends RealDate {
  constructor(...args) { args.length ? super(...args) : super(now * 1000); }
  static now() { return now * 1000; }
};

const require = createRequire(import.meta.url);
const acuity = require("acuityscheduling");
const webexWebhook = require("webex-node-bot-framework/lib/webhook.js"); // not exported, and the one place that verifies
const version = (name) => JSON.parse(readFileSync(`node_modules/${name}/package.json`)).version;
const hmac = (key, text, encoding = "hex", algorithm = "sha256") => createHmac(algorithm, key).update(text).digest(encoding);
const vectors = [], npm = new Set();

/** One genuine request, and another like it; `verify(request)` is the library's verdict on both: true, or false or an error. */
async function add(provider, library, secret, genuine, changes, verify, query = "") {
  const proof = `library ${library} ${version(library)}`;
  npm.add(`${library}@${version(library)}`);
  for (const [name, change, expected] of [["library", {}, true], ["library_changed", changes, false]]) {
    const { headers, body } = { ...genuine, ...change };
    const verdict = await (async () => verify({ headers, body }))().catch(() => false);
    if (Boolean(verdict) !== expected) throw new Error(`${provider}: ${library} says ${verdict} of ${name}`);
    vectors.push({
      id: `${provider}/${name}_node`, provider, method: "POST", url: `https://relay.example.com/in/${provider}${query}`,
      headers: Object.entries(headers), secret, now, proof, body, expected_ok: expected,
      why: expected ? proof : "changed",
    });
  }
}

{
  const body = "action=appointment.scheduled&id=1&calendarID=1&appointmentTypeID=1";
  const headers = { "content-type": "application/x-www-form-urlencoded", "x-acuity-signature": hmac("api-key", body, "base64") };
  await add("acuity", "acuityscheduling", "api-key", { headers, body }, { body: body + "&a=1" }, (one) => {
    acuity.bodyParserVerify("api-key")({ headers: one.headers }, null, Buffer.from(one.body), "utf8");
    return true;
  });
}

{
  const body = '{"id":"hook_1","name":"messages","resource":"messages","event":"created","data":{"id":"message_1"}}';
  const headers = { "content-type": "application/json", "x-spark-signature": hmac("webex-secret", body, "hex", "sha1") };
  await add("webex", "webex-node-bot-framework", "webex-secret", { headers, body }, { body: body.replace("created", "deleted") },
    (one) => new Promise((resolve) => {
      const framework = {
        options: { webhookSecret: "webex-secret", webhookRequestJSONLocation: "body" },
        emit() {}, debug: (text) => resolve(!/signature/.test(text)), get id() { return resolve(true); }, get webex() { return resolve(true); },
      };
      const passed = webexWebhook(framework)({ headers: one.headers, body: JSON.parse(one.body) });
      Promise.resolve(passed).then(() => resolve(true), () => resolve(true)); // past the signature
    }));
}

{
  const validate = basicAuthValidator((user, password) => user === "user" && password === "pass:word");
  const basic = (text) => ({ authorization: `Basic ${Buffer.from(text).toString("base64")}`, "content-type": "application/json" });
  const body = '{"id":"ev_1","event_type":"subscription_created","content":{}}';
  await add("chargebee", "chargebee", "user:pass:word", { headers: basic("user:pass:word"), body }, { headers: basic("user:pass") },
    async (one) => (await validate(one.headers), true));
}

for (const ts of [String(now), String(now * 1000)]) {
  const signature = (id) => `ts=${ts},v1=${hmac("mp-secret", `id:${id};request-id:2066ca19;ts:${ts};`)}`;
  const headers = { "x-request-id": "2066ca19", "x-signature": signature("123456") };
  await add("mercadopago", "mercadopago", "mp-secret", { headers, body: '{"type":"payment","data":{"id":"123456"}}' },
    { headers: { ...headers, "x-signature": signature("1") } }, (one) => {
      WebhookSignatureValidator.validate({
        xSignature: one.headers["x-signature"], xRequestId: one.headers["x-request-id"], dataId: "123456", secret: "mp-secret",
      });
      return true;
    }, "?data.id=123456&type=payment");
}

{
  const secret = "livekit-api-secret-of-32-characters!";
  const body = '{"event":"room_started","id":"EV_1","createdAt":"1795392000"}';
  const token = new AccessToken("api-key", secret);
  token.sha256 = createHash("sha256").update(body).digest("base64");
  const headers = { "content-type": "application/webhook+json", authorization: await token.toJwt() };
  await add("livekit", "livekit-server-sdk", secret, { headers, body }, { body: body + " " },
    (one) => new WebhookReceiver("api-key", secret).receive(one.body, one.headers.authorization));
}

process.stdout.write(JSON.stringify({ npm: [...npm].sort(), vectors }, null, 1) + "\n");
