// Writes senders1_vectors.node.json: requests that the senders' own Node.js libraries call genuine, and one change of
// each that they refuse. The libraries are too large to be installed by CI:
//   npm i --ignore-scripts $(node -p 'require("./senders1_vectors.json").npm.join(" ")')
//   node make_senders1_vectors.mjs > senders1_vectors.node.json; .venv/bin/python make_senders1_vectors.py
import { createHmac } from "node:crypto";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { verifyWebhook } from "@clerk/backend/webhooks";
import { ElevenLabsClient } from "@elevenlabs/elevenlabs-js";
import { signatureHelper } from "@kontent-ai/webhook-helper";
import { LinearWebhookClient } from "@linear/sdk/webhooks";
import { WebhookHandler } from "@liveblocks/node";
import Mux from "@mux/mux-node";
import { signWebhookPayload, verifyWebhookSignature } from "@notionhq/client";
import { WorkOS } from "@workos-inc/node";
import { signDataWithKey } from "./node_modules/inngest/helpers/net.js"; // not exported, and the one place that signs
import Pusher from "pusher";
import Razorpay from "razorpay";
import { validateWebhook } from "replicate";
import { Resend } from "resend";
import { Webhook } from "svix";
import { WebflowClient } from "webflow-api";

const now = 1795392000; // the clock of every library
const RealDate = Date;
globalThis.Date = class extends RealDate {
  constructor(...args) { args.length ? super(...args) : super(now * 1000); }
  static now() { return now * 1000; }
};

const require = createRequire(import.meta.url);
const MessageValidator = require("viber-bot/lib/message/message-validator.js");
const version = (name) => JSON.parse(readFileSync(`node_modules/${name}/package.json`)).version;
const hmac = (key, text, encoding = "hex", algorithm = "sha256") => createHmac(algorithm, key).update(text).digest(encoding);
const milliseconds = String(now * 1000), seconds = String(now);
const whsec = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", decoded = Buffer.from(whsec.slice(6), "base64");
const vectors = [], npm = new Set();

/** One genuine request, and the same with another body; `verify(headers, body)` is the library's verdict on both. */
async function add(provider, library, secret, headers, body, verify, deviates = "") {
  const verdict = async (text) => {
    try { return (await verify(headers, text)) !== false; } catch { return false; }
  };
  const used = `${library}@${version(library)}`, url = `https://relay.example.com/in/${provider}`;
  npm.add(used);
  const changed = body.replace("Zoë", "Zoe");
  if (!(await verdict(body))) throw new Error(`${provider}: the library refuses what should be genuine`);
  if (!deviates && (await verdict(changed))) throw new Error(`${provider}: the library accepts another body`);
  const one = { provider, method: "POST", url, headers: Object.entries(headers), secret, now, proof: used };
  vectors.push({ id: `${provider}/library`, ...one, body, expected_ok: true, why: `${used} accepts it` });
  vectors.push({ id: `${provider}/library_body_changed`, ...one, body: changed, expected_ok: false, why: deviates || `${used} refuses it` });
}

const event = JSON.stringify({ id: "evt_1", type: "demo.created", name: "Zoë ☃", data: { id: "1" } });

for (const space of ["", " "]) { // its Python library wants the space, and WorkOS sends it
  const body = JSON.stringify({ id: "event_1", event: "user.created", data: { name: "Zoë ☃" } });
  const header = `t=${milliseconds},${space}v1=${hmac("workos-secret", `${milliseconds}.${body}`)}`;
  const { webhooks } = new WorkOS("sk_test");
  await add("workos", "@workos-inc/node", "workos-secret", { "workos-signature": header }, body, (headers, text) =>
    webhooks.verifyHeader({ payload: JSON.parse(text), sigHeader: headers["workos-signature"], secret: "workos-secret" }));
}
{
  const header = `t=${seconds},v1=${hmac("mux-secret", `${seconds}.${event}`)}`;
  const { webhooks } = new Mux({ tokenId: "1", tokenSecret: "2" });
  await add("mux", "@mux/mux-node", "mux-secret", { "mux-signature": header }, event, (headers, text) =>
    webhooks.verifySignature(text, headers, "mux-secret"));
}
{
  const header = `t=${seconds},v0=${hmac("wsec_1", `${seconds}.${event}`)}`;
  const { webhooks } = new ElevenLabsClient({ apiKey: "1" });
  await add("elevenlabs", "@elevenlabs/elevenlabs-js", "wsec_1", { "elevenlabs-signature": header }, event, (headers, text) =>
    webhooks.constructEvent(text, headers["elevenlabs-signature"], "wsec_1"));
}
{
  const signed = { "webhook-id": "msg_1", "webhook-timestamp": seconds };
  const headers = { ...signed, "webhook-signature": `v1,${hmac(decoded, `msg_1.${seconds}.${event}`, "base64")}` };
  const body = JSON.stringify({ type: "storageUpdated", data: { roomId: "Zoë", projectId: "p", updatedAt: "2026-11-22T00:00:00Z" } });
  const liveblocks = { ...signed, "webhook-signature": `v1,${hmac(decoded, `msg_1.${seconds}.${body}`, "base64")}` };
  await add("liveblocks", "@liveblocks/node", whsec, liveblocks, body, (headers, text) =>
    new WebhookHandler(whsec).verifyRequest({ headers, rawBody: text }));
  await add("replicate", "replicate", whsec, headers, event, (headers, text) =>
    validateWebhook({ id: "msg_1", timestamp: seconds, body: text, secret: whsec, signature: headers["webhook-signature"] }));
}
{
  const headers = { "svix-id": "msg_1", "svix-timestamp": seconds };
  headers["svix-signature"] = new Webhook(whsec).sign("msg_1", new Date(now * 1000), event);
  await add("svix", "svix", whsec, headers, event, (headers, text) => new Webhook(whsec).verify(text, headers));
  await add("clerk", "@clerk/backend", whsec, headers, event, (headers, text) =>
    verifyWebhook(new Request("https://relay.example.com/in/clerk", { method: "POST", headers, body: text }), { signingSecret: whsec }));
  await add("resend", "resend", whsec, headers, event, (headers, text) =>
    new Resend("re_1").webhooks.verify({ payload: text, webhookSecret: whsec,
      headers: { id: "msg_1", timestamp: seconds, signature: headers["svix-signature"] } }));
}
{
  const headers = { "x-webflow-timestamp": milliseconds, "x-webflow-signature": hmac("webflow-secret", `${milliseconds}:${event}`) };
  const { webhooks } = new WebflowClient({ accessToken: "1" });
  await add("webflow", "webflow-api", "webflow-secret", headers, event, (headers, text) =>
    webhooks.verifySignature({ headers, body: text, secret: "webflow-secret" }));
}
{
  const token = "secret_tMrlL1qK5vuQAh1b6cZGhFChZTSYJlce98V0pYn7yBl";
  const headers = { "x-notion-signature": await signWebhookPayload({ body: event, verificationToken: token }) };
  await add("notion", "@notionhq/client", token, headers, event, (headers, text) =>
    verifyWebhookSignature({ body: text, signature: headers["x-notion-signature"], verificationToken: token }));
}
{
  const body = JSON.stringify({ action: "create", type: "Issue", webhookTimestamp: now * 1000, data: { title: "Zoë ☃" } });
  const headers = { "linear-signature": hmac("lin_wh_1", body), "linear-delivery": "1", "linear-event": "Issue" };
  await add("linear", "@linear/sdk", "lin_wh_1", headers, body, (headers, text) =>
    new LinearWebhookClient("lin_wh_1").verify(Buffer.from(text), headers["linear-signature"]));
}
{
  const headers = { "x-razorpay-signature": hmac("razorpay-secret", event), "x-razorpay-event-id": "1" };
  await add("razorpay", "razorpay", "razorpay-secret", headers, event, (headers, text) =>
    Razorpay.validateWebhookSignature(text, headers["x-razorpay-signature"], "razorpay-secret"));
}
{
  const body = JSON.stringify({ time_ms: now * 1000, events: [{ name: "channel_occupied", channel: "Zoë" }] });
  const headers = { "content-type": "application/json", "x-pusher-key": "key", "x-pusher-signature": hmac("pusher-secret", body) };
  const pusher = new Pusher({ appId: "1", key: "key", secret: "pusher-secret", cluster: "eu" });
  await add("pusher", "pusher", "pusher-secret", headers, body, (headers, text) =>
    pusher.webhook({ headers, rawBody: text }).isValid());
}
{
  const headers = { "x-viber-content-signature": hmac("viber-token", event) };
  await add("viber", "viber-bot", "viber-token", headers, event, (headers, text) =>
    new MessageValidator({ debug() {} }, "viber-token").validateMessage(headers["x-viber-content-signature"], text));
}
{
  const headers = { "x-kontent-ai-signature": signatureHelper.getHashFromString(event, "kontent-secret") };
  await add("kontent", "@kontent-ai/webhook-helper", "kontent-secret", headers, event, (headers, text) =>
    signatureHelper.isValidSignatureFromString(text, "kontent-secret", headers["x-kontent-ai-signature"]));
}
for (const environment of ["test", "branch"]) {
  const key = `signkey-${environment}-0123456789abcdef0123456789abcdef`;
  const sign = (text) => signDataWithKey(JSON.parse(text), key, seconds, { debug() {} });
  const headers = { "x-inngest-signature": `t=${seconds}&s=${await sign(event)}` };
  await add("inngest", "inngest", key, headers, event, async (headers, text) =>
    headers["x-inngest-signature"] === `t=${seconds}&s=${await sign(text)}`);
}

// Two of one sender: the second has its own name.
const seen = new Set();
for (const one of vectors) {
  while (seen.has(one.id)) one.id += "_2";
  seen.add(one.id);
}
process.stdout.write(JSON.stringify({ npm: [...npm].sort(), vectors }, null, 1) + "\n");
