// The list of webhooks: its rows, the search, and the buttons that show those with one result.
import { $, RESULTS, ask, attempt, button, el } from "./dom.js";

const MAX_ROWS = 500;
const PLACES = ["delivered", "accepted", "held", "queued", "redriven", "dead_lettered", "discarded", "disabled", "unsubscribed", "without_customer"];
const isAccepted = (one) => one.accepted || one.delivered;
const isWaiting = (one) => one.queued || one.held || one.redriven;
const GROUPS = [
  ["all", "All", () => true],
  ["accepted", "Accepted", isAccepted],
  ["waiting", "Waiting", isWaiting],
  ["dead-lettered", "Dead-lettered", (one) => one.dead_lettered],
  ["rejected", "Rejected", (one) => one.result === "rejected"],
  ["other", "Other", (one) => !isAccepted(one) && !isWaiting(one) && !one.dead_lettered && one.result !== "rejected"],
];

const webhooks = new Map();
let selected = null;
let group = "all";
let found = null; // the numbers that the search found, or null: it looks for nothing
let opened = () => {};

export const isSelected = (id) => selected === id;
export const get = (id) => webhooks.get(id);
export const newest = () => Math.max(0, ...webhooks.keys());

function several(texts, none) {
  if (!texts.length) return none;
  return texts.length === 1 ? texts[0] : `${texts[0]} and ${texts.length - 1} more`;
}

export function describe(one) {
  if (one.result === "rejected") return `${one.status} ${one.why}`;
  if (one.why) return one.why;
  const counts = PLACES.filter((name) => one[name]).map((name) => `${one[name]} ${RESULTS[name]}`);
  return counts.length > 1 || (counts.length && !counts[0].startsWith("1 ")) ? counts.join(", ") : "";
}

// Of a webhook whose entries are in several places, the one that a person looks for first.
const urgent = (one) => (one.result === "mixed" ? ["dead_lettered", "redriven", "queued", "held", "discarded", "disabled", ...PLACES].find((name) => one[name]) : one.result);

function row(one) {
  const place = one.customers.length ? several(one.customers, "") : several(one.sources, "");
  const where = [one.route || `${one.method} ${one.path}`, place, describe(one)].filter(Boolean).join(" · ");
  const made = el("li", { role: "option", id: `webhook-${one.id}`, "aria-selected": String(selected === one.id), onclick: () => opened(one.id) },
    el("span", { className: "time", textContent: new Date(one.at).toLocaleTimeString(), title: new Date(one.at).toLocaleString() }),
    el("span", { className: "name", textContent: several(one.types, `${one.method} ${one.path}`) }),
    el("span", { className: `result ${urgent(one)}`, textContent: one.result === "mixed" ? `${one[urgent(one)]} ${RESULTS[urgent(one)]}` : RESULTS[one.result] }),
    el("span", { className: "ms", textContent: `${one.milliseconds} ms` }),
    el("span", { className: "why", textContent: where }));
  made.hidden = !isShown(one);
  return made;
}

function isShown(one) {
  return GROUPS.find(([name]) => name === group)[2](one) && (found === null || found.has(one.id));
}

function count() {
  for (const [name, title, belongs] of GROUPS) {
    const number = [...webhooks.values()].filter(belongs).length;
    const shown = $(`group-${name}`);
    shown.replaceChildren(`${title} `, el("b", { textContent: number }));
    shown.hidden = !number && name !== group && name !== "all";
  }
  const none = webhooks.size && ![...webhooks.values()].some(isShown);
  $("none").hidden = !none;
}

let counting;

function changed() {
  clearTimeout(counting);
  counting = setTimeout(count, 50);
  if ($("search").value.trim()) searchSoon();
}

export function add(one, fresh) {
  webhooks.set(one.id, one);
  const made = row(one);
  if (fresh) made.classList.add("new");
  $("list").prepend(made);
  if (webhooks.size > MAX_ROWS) {
    const oldest = webhooks.keys().next().value;
    webhooks.delete(oldest);
    $(`webhook-${oldest}`)?.remove();
  }
  $("empty").hidden = true;
  $("list").hidden = false;
  changed();
}

export function replace(one) {
  if (!webhooks.has(one.id)) return;
  webhooks.set(one.id, one);
  $(`webhook-${one.id}`).replaceWith(row(one));
  changed();
}

export function clear() {
  webhooks.clear();
  $("list").replaceChildren();
  $("empty").hidden = false;
  $("list").hidden = true;
  changed();
}

export function mark(id) {
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

function showRows() {
  for (const one of webhooks.values()) $(`webhook-${one.id}`).hidden = !isShown(one);
  count();
}

// ---- the search

let asked = 0;
let timer;

function searchSoon() {
  clearTimeout(timer);
  timer = setTimeout(search, 120);
}

const search = attempt(async () => {
  const query = $("search").value.trim();
  const mine = ++asked;
  const answer = query ? await ask(`/webhooks?${new URLSearchParams({ search: query })}`) : null;
  if (mine !== asked) return; // something else is looked for by now
  found = answer && new Set(answer.webhooks);
  showRows();
});

export function start(open) {
  opened = open;
  $("groups").replaceChildren(...GROUPS.map(([name, title]) => button(title, () => {
    group = name;
    for (const [other] of GROUPS) $(`group-${other}`).setAttribute("aria-pressed", String(other === group));
    showRows();
  }, { id: `group-${name}`, "aria-pressed": String(name === group) })));
  count();
  $("search").addEventListener("input", searchSoon);
  $("list").addEventListener("keydown", (event) => {
    const keys = { ArrowDown: 1, j: 1, ArrowUp: -1, k: -1 };
    if (event.key in keys) { event.preventDefault(); move(keys[event.key]); }
    if (event.key === "Enter" && selected !== null) open(selected, true);
  });
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest("input, textarea, select, dialog");
    if (event.key === "/" && !typing) { event.preventDefault(); $("search").focus(); }
  });
}
