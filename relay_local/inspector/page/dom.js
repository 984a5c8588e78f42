// Elements, requests and what the page says. Whatever comes from a webhook is put in as text, never as markup.

export const $ = (id) => document.getElementById(id);

export function el(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (name in made && name !== "list") made[name] = value;
    else made.setAttribute(name, value);
  }
  made.append(...children.filter((child) => child !== null));
  return made;
}

export function svg(tag, attributes) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}

export function button(textContent, onclick, properties = {}) {
  return el("button", { type: "button", textContent, onclick: attempt(onclick), ...properties });
}

export function table(rows) {
  return el("table", {}, el("tbody", {}, ...rows.map(([name, value]) =>
    el("tr", {}, el("th", { scope: "row", textContent: name }), el("td", { textContent: value })))));
}

const said = $("said");
let sayTimer;

// In an open dialog, because whatever is outside of it is dimmed, and silent to a screen reader.
export function say(text) {
  const place = $("dialog").open ? $("dialog") : document.body;
  if (said.parentNode !== place) place.append(said);
  said.textContent = text;
  clearTimeout(sayTimer);
  sayTimer = setTimeout(() => { said.textContent = ""; }, 4000 + 40 * text.length);
}

export async function ask(path, method = "GET", body = undefined) {
  const options = { method };
  if (body !== undefined) Object.assign(options, { body: JSON.stringify(body), headers: { "content-type": "application/json" } });
  const answer = await fetch(path, options);
  const text = await answer.text();
  let value = text;
  try { value = JSON.parse(text); } catch { /* it is text */ }
  if (!answer.ok) throw new Error(value.problem || text || `${answer.status}`);
  return value;
}

export function attempt(work) {
  return async (...given) => {
    try { await work(...given); } catch (error) { say(`That did not work: ${error.message}`); }
  };
}

export async function copy(text, what) {
  await navigator.clipboard.writeText(text);
  say(`${what} copied`);
}

export function dialog(title, content, buttons = []) {
  $("dialog").replaceChildren(
    el("div", { className: "head" }, el("h2", { textContent: title, id: "dialog-title" }), ...buttons,
      button("Close", () => $("dialog").close())), ...content, ...(said.parentNode === $("dialog") ? [said] : []));
  if (!$("dialog").open) $("dialog").showModal();
}

export const RESULTS = {
  accepted: "accepted", delivered: "delivered", queued: "queued", dead_lettered: "dead-lettered", mixed: "mixed",
  rejected: "rejected", handshake: "handshake answered", filtered: "nothing to forward", held: "held", disabled: "disabled",
  unsubscribed: "unsubscribed", without_customer: "no customer", redriven: "redriven", discarded: "discarded",
};
