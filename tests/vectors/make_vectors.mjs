// Makes vectors_of_node_libraries.json with senders' own Node.js libraries, which are too large to be installed by CI:
//   npm i @contentful/node-apps-toolkit@VERSION inngest@VERSION atlassian-jwt@VERSION   (the versions the file names)
//   node make_vectors.mjs > vectors_of_node_libraries.json
import { readFileSync } from "node:fs";
import { signRequest } from "@contentful/node-apps-toolkit";
import { createQueryStringHash, encodeSymmetric, fromMethodAndUrl } from "atlassian-jwt";
import { signDataWithKey } from "./node_modules/inngest/helpers/net.js"; // not exported, and the one place that signs

const now = 1795392000;
const base = "https://relay.example.com";
const vectors = [];
const version = (name) => JSON.parse(readFileSync(`node_modules/${name}/package.json`)).version;
const add = (id, url, headers, body, secret, expected_ok, why, at = now) =>
  vectors.push({
    id, provider: id.split("/")[0], method: "POST", url: base + url, headers: Object.entries(headers), body, secret,
    now: at, expected_ok, why,
  });

{
  const secret = "s".repeat(32) + "0123456789abcdef".repeat(2);
  const body = JSON.stringify({ sys: { id: "1", updatedAt: "2026-11-22T00:00:00Z" }, name: "Zoë ☃" });
  for (const [name, path] of [["plain", "/in/contentful"], ["query", "/in/contentful?a=1&b=x%20y"]]) {
    const topic = { "x-contentful-topic": "ContentManagement.Entry.publish" };
    const signed = signRequest(secret, { method: "POST", path, headers: topic, body }, now * 1000);
    const headers = { ...topic, ...signed };
    add(`contentful/${name}`, path, headers, body, secret, true, "as signRequest signs it");
    add(`contentful/${name}_body_changed`, path, headers, body + " ", secret, false, "the body is signed");
    add(`contentful/${name}_url_changed`, path + "x", headers, body, secret, false, "the path is signed");
    add(`contentful/${name}_header_changed`, path, { ...headers, "x-contentful-topic": "a" }, body, secret, false,
      "the topic is among the signed headers");
    add(`contentful/${name}_late`, path, headers, body, secret, false, "30 seconds are over", now + 31);
    const unsigned = { ...headers, "x-contentful-signed-headers": "x-contentful-topic" };
    add(`contentful/${name}_time_unsigned`, path, unsigned, body, secret, false, "the time has to be signed");
  }
}

{
  const secret = "signkey-prod-0123456789abcdef0123456789abcdef";
  const body = '{ "b": 1.0, "a": [1e21, 0.000001, 1e-7, 123456789012345678, -0.0, "\\u20ac\\n\\u0007é"], "ø": null, "": {} }';
  const header = async (text) => {
    const s = await signDataWithKey(JSON.parse(text), secret, String(now), { debug() {} });
    return { "x-inngest-signature": `t=${now}&s=${s}` };
  };
  add("inngest/canonical", "/in/inngest", await header(body), body, secret, true, "only the canonical form is signed");
  add("inngest/spaces", "/in/inngest", await header(body), body.replaceAll(" ", ""), secret, true, "the same meaning");
  add("inngest/value_changed", "/in/inngest", await header(body), body.replace("1.0", "1.5"), secret, false, "changed");
  const twice = body.replace('{ "b"', '{ "b": 2, "b"');
  add("inngest/name_twice", "/in/inngest", await header(twice), twice, secret, false, "two meanings, one signature");
  add("inngest/late", "/in/inngest", await header(body), body, secret, false, "5 minutes are over", now + 301);
}

{
  const secret = "an-atlassian-secret-of-32-bytes!";
  const body = '{"webhookEvent":"jira:issue_created"}';
  for (const [name, path] of [["plain", "/in/jira"], ["query", "/in/jira?user_id=a%20b&b=2&b=1&x=%7E*%27"]]) {
    const claims = { iss: "client", iat: now, exp: now + 180, qsh: createQueryStringHash(fromMethodAndUrl("POST", path), false) };
    const headers = { authorization: `JWT ${encodeSymmetric(claims, secret)}` };
    add(`jira-connect/${name}`, path, headers, body, secret, true, "as atlassian-jwt signs it");
    add(`jira-connect/${name}_other_path`, path.replace("/in/jira", "/in/jirA"), headers, body, secret, false, "qsh binds the path");
    add(`jira-connect/${name}_expired`, path, headers, body, secret, false, "expired", now + 211);
  }
}

const tools = ["@contentful/node-apps-toolkit", "inngest", "atlassian-jwt"].map((name) => `${name}@${version(name)}`);
process.stdout.write(JSON.stringify({ made_with: tools, vectors }, null, 1) + "\n");
