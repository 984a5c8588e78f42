// The inspector's page. Whatever comes from a webhook is put in as text, never as markup.
"use strict";

const MAX_ROWS = 500;
const BUCKET = 5;
const SPAN = 600;
const FAULTS = {
  none: [],
  throttling: [{ error_code: "ThrottlingException" }],
  some: [{ error_code: "MalformedDetail", entries: [0] }],
  outage: [{ status: 503, error_code: "ServiceUnavailable" }],
  slow: [{ delay: 2 }],
};
const CHARTS = [
  ["received", "Received"], ["accepted", "Accepted"], ["queued", "Queued"], ["dead_lettered", "Dead-lettered"], ["latency", "Latency, ms"],
];
const RESULTS = {
  accepted: "accepted", queued: "queued", dead_lettered: "dead-lettered", mixed: "mixed", rejected: "rejected",
  handshake: "handshake answered", filtered: "nothing to forward", held: "held", disabled: "disabled",
  unsubscribed: "unsubscribed", without_customer: "no customer",
};

const $ = (id) => document.getElementById(id);
const webhooks = new Map();
const chart = new Map();
let selected = null;
let shown = null;
let base = "";

// ---- small helpers

function el(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (name in made && name !== "list") made[name] = value;
    else made.setAttribute(name, value);
  }
  made.append(...children.filter((child) => child !== null));
  return made;
}

function svg(tag, attributes) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}

function say(text) {
  $("said").textContent = text;
  clearTimeout(say.timer);
  say.timer = setTimeout(() => { $("said").textContent = ""; }, 4000);
}

async function ask(path, method = "GET", body = undefined) {
  const options = { method };
  if (body !== undefined) Object.assign(options, { body: JSON.stringify(body), headers: { "content-type": "application/json" } });
  const answer = await fetch(path, options);
  const text = await answer.text();
  let value = text;
  try { value = JSON.parse(text); } catch { /* it is text */ }
  if (!answer.ok) throw new Error(value.problem || text || `${answer.status}`);
  return value;
}

function attempt(work) {
  return async (...given) => {
    try { await work(...given); } catch (error) { say(`That did not work: ${error.message}`); }
  };
}

async function copy(text, what) {
  await navigator.clipboard.writeText(text);
  say(`${what} copied`);
}

function pretty(text) {
  try { return JSON.stringify(JSON.parse(text), null, 2); } catch { return text; }
}

function table(rows) {
  return el("table", {}, el("tbody", {}, ...rows.map(([name, value]) =>
    el("tr", {}, el("th", { scope: "row", textContent: name }), el("td", { textContent: value })))));
}

function section(title, open, ...children) {
  return el("details", { open }, el("summary", { textContent: title }), el("div", {}, ...children));
}

// ---- the list

function describe(one) {
  const counts = ["accepted", "held", "queued", "dead_lettered", "disabled", "unsubscribed", "without_customer"]
    .filter((name) => one[name]).map((name) => `${one[name]} ${RESULTS[name]}`);
  return one.result === "rejected" ? `${one.status} ${one.why}` : counts.join(", ");
}

function row(one, fresh) {
  const made = el("li", { role: "option", id: `webhook-${one.id}`, "aria-selected": "false", onclick: () => open(one.id) },
    el("span", { className: "time", textContent: new Date(one.at).toLocaleTimeString() }),
    el("span", { className: "name", textContent: one.route || `${one.method} ${one.path}` }),
    el("span", { className: "ms", textContent: `${one.milliseconds} ms` }),
    el("span", { className: `result ${one.result}`, textContent: RESULTS[one.result] }),
    el("span", { className: "why", textContent: describe(one) }));
  if (fresh) made.classList.add("new");
  made.hidden = !matches(one);
  return made;
}

function matches(one) {
  const wanted = $("filter").value.trim().toLowerCase();
  return !wanted || [one.route, one.path, one.result, RESULTS[one.result], String(one.status)].some((text) => (text || "").toLowerCase().includes(wanted));
}

function add(one, fresh) {
  webhooks.set(one.id, one);
  $("list").prepend(row(one, fresh));
  if (webhooks.size > MAX_ROWS) {
    const oldest = webhooks.keys().next().value;
    webhooks.delete(oldest);
    $(`webhook-${oldest}`)?.remove();
  }
  $("empty").hidden = true;
  $("list").hidden = false;
}

function mark(id) {
  if (selected !== null) $(`webhook-${selected}`)?.setAttribute("aria-selected", "false");
  selected = id;
  const now = $(`webhook-${id}`);
  now?.setAttribute("aria-selected", "true");
  $("list").setAttribute("aria-activedescendant", now ? now.id : "");
  now?.scrollIntoView({ block: "nearest" });
}

function move(step) {
  const rows = [...$("list").children].filter((one) => !one.hidden);
  if (!rows.length) return;
  const at = rows.findIndex((one) => one.id === `webhook-${selected}`);
  const next = rows[Math.min(rows.length - 1, Math.max(0, at + step))];
  mark(Number(next.id.slice("webhook-".length)));
}

// ---- one webhook

const open = attempt(async (id) => {
  mark(id);
  document.body.classList.add("open");
  await show(id);
  $("detail").scrollTop = 0;
});

async function show(id) {
  const one = await ask(`/webhooks/${id}`);
  if (selected !== id) return;
  const opened = shown && shown.id === id
    ? [...$("detail").querySelectorAll("details")].map((part) => part.open) : null;
  shown = one;
  $("detail").replaceChildren(...parts(one));
  if (opened) [...$("detail").querySelectorAll("details")].forEach((part, index) => { part.open = opened[index] ?? part.open; });
}

function parts(one) {
  const editable = one.route && one.values;
  return [
    el("div", { className: "head" },
      el("button", { type: "button", className: "back", textContent: "← All webhooks", onclick: back }),
      el("h2", { textContent: one.request.line }),
      el("span", { className: `result ${one.result}`, textContent: `${one.status} ${RESULTS[one.result]}` }),
      el("span", { textContent: `${one.milliseconds} ms` })),
    el("div", { className: "buttons" },
      el("button", { type: "button", className: "primary", textContent: "Replay, freshly signed", onclick: attempt(() => replay(one)) }),
      el("button", { type: "button", textContent: "Try a mapping", disabled: !editable, onclick: attempt(() => edit(one)) }),
      el("button", { type: "button", textContent: "Copy as curl", onclick: attempt(() => copy(one.curl, "The command")) }),
      el("button", { type: "button", textContent: one.entries.length > 20 ? "Copy the first 20 entries" : "Copy all entries", disabled: !one.cli, onclick: attempt(() => copy(one.cli, "The command")) })),
    section("Authentication", true, authentication(one.authentication)),
    section(`Entries (${one.entries.length})`, true, ...entries(one)),
    section("Template values", false, one.values
      ? el("pre", { textContent: JSON.stringify(one.values, null, 2) }) : el("p", { textContent: "There are none: the body could not be read, or no route has this path." })),
    section("Request", false, el("h3", { textContent: "Headers" }), table(one.request.headers), body(one.request)),
    section("Answer", false, el("pre", { textContent: pretty(one.answer.text) })),
  ];
}

function authentication(seen) {
  const names = {
    verdict: "Verdict", reason: "Why", route: "Route", scheme: "Scheme", algorithm: "Algorithm", signature: "Signature is in",
    token: "Token is in", timestamp: "Time is in", content: "What is signed", secret: "Secret",
  };
  const rows = Object.entries(names).filter(([name]) => seen[name]).map(([name, title]) => [title, seen[name]]);
  return el("div", {}, table(rows), ...(seen.weaknesses || []).map((text) => el("p", { className: "queued", textContent: text })));
}

function body(request) {
  if (request.text === null) return el("div", {}, el("h3", { textContent: "Body, in base64" }), el("pre", { textContent: request.base64 }));
  const text = el("pre", { textContent: pretty(request.text) });
  const raw = el("button", { type: "button", textContent: "Raw", "aria-pressed": "false" });
  raw.addEventListener("click", () => {
    const now = raw.getAttribute("aria-pressed") !== "true";
    raw.setAttribute("aria-pressed", String(now));
    text.textContent = now ? request.text : pretty(request.text);
  });
  return el("div", {}, el("div", { className: "head" }, el("h3", { textContent: "Body" }), raw), text);
}

function entries(one) {
  const found = one.entries.map((entry) => el("div", { className: "entry" },
    el("div", { className: "head" },
      el("h3", { textContent: `${entry.entry}. ${entry["detail-type"]}` }), fate(entry, one),
      el("button", { type: "button", textContent: "Copy for the AWS CLI", onclick: attempt(() => copy(entry.cli, "The command")) })),
    table([["Source", entry.source], ["Region", entry.region], ...(entry.bus ? [["Bus", entry.bus]] : []), ["Time", entry.time],
      ["Size", `${entry.bytes} bytes${entry.request ? `, in request ${entry.request}` : ""}`]]),
    section("As it is sent", false, el("pre", { textContent: JSON.stringify(entry.wire, null, 2) }), el("h3", { textContent: "Detail" }), el("pre", { textContent: pretty(entry.wire.Detail) })),
    entry.event ? section("As the customer got it", false, el("pre", { textContent: JSON.stringify(entry.event, null, 2) })) : null));
  if (one.problem) found.unshift(el("p", { className: "problem", textContent: one.problem }));
  if (!found.length) found.push(el("p", { textContent: one.values ? "Nothing is forwarded: the route's `when` or `each` leaves nothing." : "None." }));
  return found;
}

function fate(entry, one) {
  const result = entry.result || {};
  if (entry.event) return el("span", { className: "result accepted", textContent: result.event_id ? "delivered" : "delivered from the queue" });
  if (result.event_id) return el("span", { className: "result accepted", textContent: `accepted as ${result.event_id}` });
  if (result.held) return el("span", { className: "result queued", textContent: `held for ${result.destination}` });
  if (result.disabled) return el("span", { className: "result handshake", textContent: `${result.destination} is disabled` });
  if (result.queued) return el("span", { className: "result queued", textContent: `queued: ${result.error_code}` });
  if (result.dead_lettered) return el("span", { className: "result dead_lettered", textContent: `dead-lettered: ${result.error_code}: ${result.error_message || ""}` });
  return el("span", { className: "result handshake", textContent: one.result === "rejected" ? "not sent: the webhook was rejected" : "" });
}

async function replay(one) {
  const answer = await ask(`/webhooks/${one.id}/replay`, "POST", {});
  say(`Posted again: ${answer.status}`);
}

function back() {
  document.body.classList.remove("open");
  $("list").focus();
}

// ---- try a mapping

async function edit(one) {
  const route = await ask(`/routes/${encodeURIComponent(one.route)}`);
  const numbers = el("pre", { className: "numbers", "aria-hidden": "true" });
  const text = el("textarea", { value: route.text, spellcheck: false, "aria-label": `The route ${one.route} of ${route.file}`, id: "mapping" });
  const outcome = el("div", { id: "outcome", role: "status" });
  const save = el("button", { type: "button", className: "primary", textContent: `Write to ${route.file}…`, id: "save" });
  const number = (problems) => {
    const wrong = new Set(problems.map((problem) => problem.line));
    numbers.replaceChildren(...text.value.split("\n").flatMap((_, index) => [
      wrong.has(index + 1) ? el("b", { textContent: index + 1 }) : document.createTextNode(index + 1), "\n"]));
  };
  let asked = 0;
  const see = attempt(async () => {
    const mine = ++asked;
    const found = await ask(`/routes/${encodeURIComponent(one.route)}/attempt`, "POST", { webhook: one.id, text: text.value });
    if (mine !== asked) return;
    number(found.problems || []);
    save.disabled = Boolean(found.problems) || text.value === route.text;
    outcome.replaceChildren(...(found.problems
      ? found.problems.map((problem) => el("p", { className: "problem", textContent: `line ${problem.line}: ${problem.message}` }))
      : [el("h3", { textContent: found.entries.length === 1 ? "1 entry" : `${found.entries.length} entries` }), ...found.entries.map(tried)]));
  });
  let timer;
  text.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(see, 120); });
  text.addEventListener("scroll", () => { numbers.scrollTop = text.scrollTop; });
  save.addEventListener("click", attempt(async () => {
    if (!confirm(`Write this route to ${route.file}? It is deployed when make run or make deploy runs next.`)) return;
    await ask(`/routes/${encodeURIComponent(one.route)}`, "PUT", { text: text.value, version: route.version });
    $("dialog").close();
    say(`Written to ${route.file}`);
  }));
  number([]);
  dialog(`Try a mapping: ${one.route}`, [
    el("p", { textContent: "Edit the route; on the right is what this webhook would become. Nothing is sent, nothing is written." }),
    el("div", { className: "editor" }, el("div", { className: "text" }, numbers, text), outcome),
  ], [save]);
  text.focus();
  await see();
}

function tried(entry) {
  return el("div", { className: "entry" },
    table([["Source", entry.source], ["Detail-type", entry["detail-type"]], ["Region", entry.region], ["Time", entry.time], ["Resources", entry.wire.Resources.join(", ")], ["Size", `${entry.bytes} bytes`]]),
    entry.refused ? el("p", { className: "problem", textContent: `would be refused: ${entry.refused}` }) : null,
    el("pre", { textContent: pretty(entry.wire.Detail) }));
}

function dialog(title, content, buttons = []) {
  $("dialog").replaceChildren(
    el("div", { className: "head" }, el("h2", { textContent: title, id: "dialog-title" }), ...buttons,
      el("button", { type: "button", textContent: "Close", onclick: () => $("dialog").close() })), ...content);
  if (!$("dialog").open) $("dialog").showModal();
}

// ---- dead letters and faults

const letters = attempt(async () => {
  const found = await ask("/dead-letters");
  const redrive = el("button", { type: "button", className: "primary", id: "redrive", textContent: "Redrive all", disabled: !found.length });
  redrive.addEventListener("click", attempt(async () => {
    redrive.disabled = true;
    await ask("/dead-letters/redrive", "POST", {});
    say("Sent back to the retry queue; what is refused again comes back here");
    $("dialog").close();
  }));
  dialog("Dead letters", found.length ? found.map((letter) => el("div", { className: "entry" },
    el("div", { className: "head" }, el("h3", { textContent: `${letter.route}: ${letter.error}` }), el("span", { textContent: new Date(letter.sent_at).toLocaleTimeString() })),
    table([["Why", letter.message || ""], ["Source", letter.source || ""], ["Detail-type", letter["detail-type"] || ""], ["Attempts", String(letter.attempts ?? "")]]),
    section("The message", false, el("pre", { textContent: JSON.stringify(letter.content, null, 2) }))))
    : [el("p", { textContent: "There are none. What EventBridge refuses for good, or a route cannot map, waits here for a person." })], [redrive]);
});

function counted(counts) {
  if (counts.retry === undefined) return;
  $("retry").textContent = counts.retry;
  $("dead").textContent = counts.dead_letters;
  const now = JSON.stringify(counts.faults);
  const known = Object.keys(FAULTS).find((name) => JSON.stringify(FAULTS[name]) === now);
  $("faults").value = known || "other";
  destined(counts.destinations || []);
}

// ---- charts

function bucketed(buckets) {
  for (const bucket of buckets) chart.set(bucket.at, bucket);
  while (chart.size > SPAN / BUCKET + 2) chart.delete(chart.keys().next().value);
}

function draw() {
  const end = Math.floor(Date.now() / 1000 / BUCKET) * BUCKET;
  $("charts").replaceChildren(...CHARTS.map(([name, title]) => {
    const values = [];
    for (let at = end - SPAN + BUCKET; at <= end; at += BUCKET) values.push((chart.get(at) || {})[name] || 0);
    const most = Math.max(1, ...values);
    const points = values.map((value, index) => `${index},${(28 - (value / most) * 26).toFixed(1)}`);
    const drawn = svg("svg", { viewBox: `0 0 ${values.length - 1} 30`, preserveAspectRatio: "none", "aria-hidden": "true" });
    drawn.append(svg("path", { d: `M0,30 L${points.join(" L")} L${values.length - 1},30 Z` }));
    const total = name === "latency" ? values.findLast((value) => value) || 0 : values.reduce((sum, value) => sum + value, 0);
    return el("figure", { id: `chart-${name}` }, el("figcaption", {}, el("span", { textContent: title }), el("b", { textContent: total })), drawn);
  }));
}

// ---- the stream

function listen() {
  const stream = new EventSource("/stream");
  let waiting;
  stream.addEventListener("open", () => { $("connection").className = ""; $("connection").textContent = "Live"; });
  stream.addEventListener("error", () => {
    $("connection").className = "lost";
    $("connection").textContent = "Not connected: is make run still up? Trying again…";
  });
  stream.addEventListener("message", (event) => {
    const message = JSON.parse(event.data);
    if (message.type === "everything") everything(message);
    else if (message.type === "webhook") add(message.webhook, true);
    else if (message.type === "counts") { counted(message.counts); bucketed(message.chart); draw(); }
    else if (message.type === "events" && shown && shown.entries.some((entry) => !entry.event)) {
      clearTimeout(waiting);
      waiting = setTimeout(attempt(() => show(shown.id)), 100);
    }
  });
}

function everything(message) {
  base = message.url;
  webhooks.clear();
  $("list").replaceChildren();
  $("empty").hidden = false;
  $("list").hidden = true;
  for (const one of message.webhooks) add(one, false);
  $("urls").replaceChildren(...message.routes.map(([name, path]) => el("li", {}, el("code", { textContent: `${base}${path}` }), ` ${name}`)));
  chart.clear();
  bucketed(message.chart);
  counted(message.counts);
  if (selected !== null) mark(selected);
  draw();
}

$("filter").addEventListener("input", () => { for (const one of webhooks.values()) $(`webhook-${one.id}`).hidden = !matches(one); });
$("open-letters").addEventListener("click", letters);
$("faults").addEventListener("change", attempt(async (event) => {
  await ask("/faults", "PUT", FAULTS[event.target.value]);
  say(`EventBridge ${event.target.selectedOptions[0].textContent}`);
}));
$("list").addEventListener("keydown", (event) => {
  const keys = { ArrowDown: 1, j: 1, ArrowUp: -1, k: -1 };
  if (event.key in keys) { event.preventDefault(); move(keys[event.key]); }
  if (event.key === "Enter" && selected !== null) { open(selected).then(() => $("detail").focus()); }
});
document.addEventListener("keydown", (event) => { if (event.key === "Escape" && !$("dialog").open) back(); });
setInterval(draw, 1000 * BUCKET);
draw();
listen();
