// A window of the archive, sent again: first it is counted, then what was counted is sent.
import { $, ask, attempt, button, dialog, el, say } from "./dom.js";

const HOUR_MS = 3600 * 1000;
let names = [];

export const routes = (found) => { names = found; };

// What an input of the type datetime-local takes: this machine's time, to the second.
function local(date) {
  return new Date(date.getTime() - date.getTimezoneOffset() * 60000).toISOString().slice(0, 19);
}

function field(name, label, input) {
  input.name = name;
  return el("label", {}, `${label} `, input);
}

function select(choices) {
  return el("select", {}, ...choices.map(([value, textContent]) => el("option", { value, textContent })));
}

function options(form) {
  const given = Object.fromEntries(new FormData(form));
  for (const name of ["since", "until"]) given[name] = given[name] && new Date(given[name]).toISOString();
  return { ...given, remap: given.remap === "on" };
}

function outcome(found) {
  const entries = found.rows.reduce((sum, row) => sum + row.entries, 0);
  const head = el("tr", {}, ...["Source", "Detail-type", "Result", "Entries"].map((textContent) => el("th", { scope: "col", textContent })));
  const rows = found.rows.map((row) => el("tr", {}, ...["source", "detail-type", "result", "entries"].map((name) => el("td", { textContent: row[name] }))));
  return [
    ...found.told.map((textContent) => el("p", { className: found.succeeded ? "" : "problem", textContent })),
    entries ? el("table", { className: "grid" }, el("thead", {}, head), el("tbody", {}, ...rows)) : null,
    el("p", {}, "The same from a terminal: ", el("code", { textContent: found.command })),
  ].filter(Boolean);
}

function show() {
  const since = el("input", { type: "datetime-local", step: 1, required: true, value: local(new Date(Date.now() - HOUR_MS)) });
  const result = el("div", { id: "replay-result", role: "status" });
  const send = button("Send again", () => run(true), { className: "primary", id: "replay-send", disabled: true });
  const form = el("form", { id: "replay-form", className: "form" },
    field("since", "From", since),
    field("until", "Until", el("input", { type: "datetime-local", step: 1, title: "Empty: until now" })),
    field("customer", "Customer", el("input", { type: "text", placeholder: "all" })),
    field("route", "Route", select([["", "all"], ...names.map((name) => [name, name])])),
    field("detail-type", "Detail-type", el("input", { type: "text", placeholder: "all, or order.*" })),
    field("was", "What was", select([["", "anything"], ["put", "put"], ["held", "held"], ["unsubscribed", "unsubscribed"]])),
    field("remap", "Also what relay.toml maps otherwise today", el("input", { type: "checkbox" })),
    el("div", { className: "buttons" }, el("button", { type: "submit", textContent: "Count", id: "replay-count" }), send));

  // What was counted is what is sent: a window without an end ends when it was counted.
  let counted = null;
  const changed = () => { counted = null; send.disabled = true; };

  async function run(isSent) {
    const chosen = isSent ? counted : options(form);
    if (!chosen.until) chosen.until = new Date().toISOString();
    const entries = isSent && Number(result.dataset.entries);
    if (isSent && !confirm(`Send ${entries} ${entries === 1 ? "entry" : "entries"} again? Each becomes a new event with another id.`)) return;
    changed();
    result.replaceChildren(el("p", { textContent: isSent ? "Sending…" : "Counting…" }));
    try {
      const found = await ask("/replays", "POST", { ...chosen, send: isSent });
      result.replaceChildren(...outcome(found));
      result.dataset.entries = found.rows.reduce((sum, row) => sum + row.entries, 0);
      if (isSent) say("Sent to the retry queue; each arrives under its webhook");
      else { counted = chosen; send.disabled = !found.rows.length; }
    } catch (error) {
      result.replaceChildren(el("p", { className: "problem", textContent: error.message }));
    }
  }

  form.addEventListener("input", changed);
  form.addEventListener("submit", (event) => { event.preventDefault(); attempt(run)(false); });
  dialog("Replay a window", [
    el("p", { textContent: "Sends what was archived once more, to the destinations that customers have today: after a customer's mistake, or for one who has connected today." }),
    form, result]);
}

export function start() {
  $("open-replays").addEventListener("click", show);
}
