// One webhook: its way, what came, what it became, and where each entry is.
import { $, RESULTS, ask, attempt, button, copy, el, say, table } from "./dom.js";
import { Folds, block, jsonView } from "./json.js";
import * as list from "./list.js";
import { edit } from "./mapping.js";

let shown = null;
let drawn = "";
let folds = new Folds();

const FAILED = new Set(["dead_lettered", "queued", "redriven", "held", "discarded"]);

export const current = () => shown;
export const address = (id) => `#/webhooks/${id}`;

// What the address names: a number, or null.
export function addressed() {
  const match = /^#\/webhooks\/([0-9]+)$/.exec(location.hash);
  return match ? Number(match[1]) : null;
}

export async function open(id) {
  list.mark(id);
  document.body.classList.add("open");
  if (addressed() !== id) history.pushState(null, "", address(id));
  if (!shown || shown.id !== id) { folds = new Folds(); drawn = ""; }
  await show(id);
  $("detail").scrollTop = 0;
}

export async function show(id) {
  let one;
  try {
    one = await ask(`/webhooks/${id}`);
  } catch (error) {
    if (list.isSelected(id)) $("detail").replaceChildren(backButton(), el("p", { className: "empty", textContent: error.message }));
    return;
  }
  if (!list.isSelected(id)) return;
  const text = JSON.stringify(one);
  if (text === drawn) return; // drawing it again would take away what somebody has marked
  shown = one;
  drawn = text;
  const at = $("detail").scrollTop;
  $("detail").replaceChildren(...parts(one));
  $("detail").scrollTop = at;
}

export function back() {
  if (addressed() !== null) history.pushState(null, "", location.pathname);
  document.body.classList.remove("open");
  $("list").focus();
}

const backButton = () => button("← All webhooks", back, { className: "back" });

function parts(one) {
  const editable = one.route && one.values;
  const refused = one.result === "rejected";
  const many = one.entries.length > 20;
  return [
    el("div", { className: "head" },
      backButton(),
      el("h2", { textContent: one.request.line }),
      el("span", { className: `result ${one.result}`, textContent: one.result === "mixed" ? one.status : `${one.status} ${RESULTS[one.result]}` }),
      el("span", { textContent: one.result === "rejected" ? one.why : list.describe(one) })),
    el("div", { className: "buttons" },
      button("Replay, freshly signed", () => replay(one), { className: refused ? "" : "primary", disabled: !one.route, title: one.route ? "" : "No route has this path: there is no secret to sign it with" }),
      button("Try a mapping", () => edit(one), { disabled: !editable, title: editable ? "" : one.route ? "Its body cannot be read" : "No route has this path" }),
      button("Copy as curl", () => copy(one.curl, "The command")),
      button(many ? "Copy the first 20 entries" : "Copy all entries", () => copy(one.cli, "The command"), { disabled: !one.cli }),
      button("Copy address", () => copy(new URL(address(one.id), location.href).href, "The address"))),
    timeline(one.timeline),
    body(one.request),
    ...entries(one),
    authentication(one.authentication),
    folds.section("Template values", false, () => [one.values
      ? jsonView(JSON.stringify(one.values), folds, "values") : el("p", { textContent: "There are none: the body could not be read, or no route has this path." })]),
    folds.section("Headers", false, () => [table(one.request.headers)]),
    folds.section("Answer", false, () => [block("Answer", one.answer.text, folds)]),
  ];
}

function authentication(seen) {
  const names = {
    reason: "Why", route: "Route", scheme: "Scheme", algorithm: "Algorithm", signature: "Signature is in",
    token: "Token is in", timestamp: "Time is in", content: "What is signed", secret: "Secret",
  };
  const refused = seen.verdict !== "authentic";
  const how = refused ? seen.reason : [[seen.scheme, seen.algorithm].filter(Boolean).join(" "), seen.secret].filter(Boolean).join(", ");
  const summary = el("summary", {}, "Authentication: ", el("span", { className: refused ? "rejected" : "accepted", textContent: seen.verdict }), ` · ${how}`);
  return folds.part("authentication", false, {}, summary, () => [
    table(Object.entries(names).filter(([name]) => seen[name]).map(([name, title]) => [title, seen[name]])),
    ...(seen.weaknesses || []).map((text) => el("p", { className: "queued", textContent: text }))]);
}

function time(at) {
  return new Date(at).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit", fractionalSecondDigits: 3 });
}

function timeline(moments) {
  return el("ol", { className: "timeline", "aria-label": "Its way" }, ...moments.map((moment) =>
    el("li", { className: moment.state || "moment" }, el("time", { dateTime: moment.at, textContent: time(moment.at) }), el("span", { textContent: moment.text }))));
}

function body(request) {
  return folds.section("What came", true, () => [request.text === null
    ? block("Body, in base64", request.base64, folds) : block("Body", request.text, folds)]);
}

function entries(one) {
  const failed = one.entries.filter((entry) => FAILED.has(entry.state));
  const others = one.entries.filter((entry) => !FAILED.has(entry.state));
  const number = one.entries.length === 1 ? "1 entry" : `${one.entries.length} entries`;
  const made = [...failed, ...others].map((entry, index) => entryPart(entry, one, index === 0));
  if (one.problem) made.unshift(el("p", { className: "problem", textContent: one.problem }));
  made.unshift(...one.unsent.map((text) => el("p", { className: "unsent", textContent: text })));
  if (one.result === "rejected") {
    return one.entries.length ? [folds.section(`What it would have become: ${number}`, false, () => made)] : one.problem ? made : [];
  }
  if (!made.length) made.push(el("p", { textContent: one.values ? "Nothing is forwarded: the route's `when` or `each` leaves nothing." : "None." }));
  const jump = failed.length && others.length
    ? button(`Show the ${failed.length === 1 ? "one" : failed.length} not delivered`, () => $("entries").scrollIntoView({ block: "start" })) : null;
  if (jump) queueMicrotask(() => $("detail").querySelector(".buttons").append(jump));
  return [el("section", { id: "entries" }, el("h3", { className: "title", textContent: `What it became: ${number}` }), ...made)];
}

function fate(entry, one) {
  const { result, state } = entry;
  const why = entry.steps.at(-1)?.error_code || result.error_code || "";
  const said = {
    delivered: result.event_id ? "delivered" : "delivered later",
    accepted: "accepted by EventBridge, and not yet at the customer",
    held: `held for ${result.destination}`,
    disabled: `${result.destination} is disabled`,
    queued: `queued: ${why}`,
    redriven: "sent back to the retry queue",
    dead_lettered: `dead-lettered: ${why}${result.error_message ? `: ${result.error_message}` : ""}`,
    not_sent: one.result === "rejected" ? "not sent: the webhook was refused" : "",
  }[state] ?? RESULTS[state] ?? state;
  return el("span", { className: `result ${state}`, textContent: said });
}

function entryPart(entry, one, open) {
  const summary = el("summary", {}, el("span", { className: "name", textContent: `${entry.entry + 1}. ${entry["detail-type"]}` }), " ", fate(entry, one));
  return folds.part(`entry ${entry.entry}`, open, { className: "entry" }, summary, () => [
    table([["Source", entry.source], ["Region", entry.region], ...(entry.bus ? [["Bus", entry.bus]] : []), ["Time", entry.time],
      ["Size", `${entry.bytes} bytes${entry.request ? `, in request ${entry.request}` : ""}`],
      ...(entry.event_id ? [["Event id", entry.event_id]] : [])]),
    one.entries.length > 1 && entry.steps.length ? timeline(entry.steps) : null,
    el("div", { className: "buttons" }, button("Copy for the AWS CLI", () => copy(entry.cli, "The command"))),
    entry.event ? folds.part(`event ${entry.entry}`, one.entries.length === 1, {}, el("summary", { textContent: "As the customer got it" }),
      () => [jsonView(JSON.stringify(entry.event), folds, `event ${entry.entry}`)]) : null,
    folds.part(`sent ${entry.entry}`, false, {}, el("summary", { textContent: "As it is sent" }), () => [
      jsonView(JSON.stringify(entry.wire), folds, `wire ${entry.entry}`), el("h3", { textContent: "Detail" }), jsonView(entry.wire.Detail, folds, `detail ${entry.entry}`)]),
  ].filter(Boolean));
}

async function replay(one) {
  const answer = await ask(`/webhooks/${one.id}/replay`, "POST", {});
  say(`Posted again: ${answer.status}; it is the newest of the list`);
}

export function start() {
  const follow = attempt(async () => {
    const id = addressed();
    if (id !== null) await open(id);
    else document.body.classList.remove("open");
  });
  addEventListener("popstate", follow);
  addEventListener("hashchange", follow);
  return follow();
}
