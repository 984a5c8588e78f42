// Which events: the catalog's detail-types with their samples, or patterns where there is no catalog.

import { el } from "./dom.js";

export const COST = "AWS bills the account that receives: each event, in steps of 64 KB, also an event that none of your rules matches. Choose only what you need.";
const ALL = "*";

/** Return `{node, value()}`: a group of fields, and the detail-types that are chosen in them. */
export function eventFields(chosen, catalog) {
  const hint = el("p", { id: "events-cost", className: "hint", textContent: COST });
  const fields = catalog.length ? checkboxes(chosen, catalog) : patterns(chosen);
  return {
    node: el("fieldset", { id: "events", "aria-describedby": "events-cost" },
      el("legend", { textContent: "Which events" }), hint, ...fields.nodes),
    value: fields.value,
  };
}

/** Return the items of a list: what is chosen, each with what the catalog says of it. */
export function eventItems(chosen, catalog) {
  return chosen.map((pattern) => {
    const name = el("code", { textContent: pattern === ALL ? "all events" : pattern });
    const entries = catalog.filter(({ detail_type: type }) => matches(pattern, type));
    if (entries.length === 1 && entries[0].detail_type === pattern) return el("li", {}, name, about(entries[0]));
    const rows = entries.map((entry) => el("li", {}, el("code", { textContent: entry.detail_type }), about(entry)));
    return el("li", {}, name, !rows.length ? null : el("details", {},
      el("summary", { textContent: `Which are these today (${rows.length})` }), el("ul", {}, ...rows)));
  });
}

function matches(pattern, type) {
  return pattern.endsWith(ALL) ? type.startsWith(pattern.slice(0, -1)) : type === pattern;
}

function checkboxes(chosen, catalog) {
  const known = catalog.map(({ detail_type: type }) => type);
  const others = chosen.filter((pattern) => pattern !== ALL && !known.includes(pattern));
  const boxes = new Map();
  const row = (value, text, more) => {
    const box = el("input", { type: "checkbox", value, checked: chosen.includes(value) });
    boxes.set(value, box);
    return el("li", {}, el("label", {}, box, " ", el("span", { textContent: text })), more);
  };
  const all = row(ALL, "All events, also those that are added later", null);
  const rows = catalog.map((entry) => row(entry.detail_type, entry.detail_type, about(entry)));
  rows.push(...others.map((pattern) => row(pattern, `${pattern} (a pattern)`, null)));
  const single = el("ul", { className: "plain" }, ...rows);
  const follow = () => {
    for (const [value, box] of boxes) if (value !== ALL) box.disabled = boxes.get(ALL).checked;
  };
  boxes.get(ALL).addEventListener("change", follow);
  follow();
  return {
    nodes: [el("ul", { className: "plain" }, all), single],
    value: () => (boxes.get(ALL).checked ? [ALL] : [...boxes].filter(([, box]) => box.checked).map(([value]) => value)),
  };
}

function patterns(chosen) {
  const field = el("input", {
    id: "detail_types", type: "text", value: chosen.join(", "), autocomplete: "off", spellcheck: false,
    "aria-describedby": "detail_types-hint detail_types-error",
  });
  return {
    nodes: [
      el("label", { htmlFor: "detail_types", textContent: "Detail-types (the kinds of events), separated by commas" }),
      field,
      el("p", { id: "detail_types-hint", className: "hint", textContent: "* stands for all; order.* for everything that begins with “order.”." }),
    ],
    value: () => field.value.split(",").map((one) => one.trim()).filter(Boolean),
  };
}

function about({ detail_type: type, description, deprecated, sample }) {
  const text = [description, deprecated ? "Deprecated." : ""].filter(Boolean).join(" ");
  return el("div", { className: "about" },
    text ? el("p", { className: "hint", textContent: text }) : null,
    sample === null || sample === undefined ? null : el("details", {},
      el("summary", { textContent: `Sample of ${type}` }),
      el("pre", { tabIndex: 0, textContent: JSON.stringify(sample, null, 2) })));
}
