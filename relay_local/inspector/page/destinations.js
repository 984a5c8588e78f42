// The customers' destinations: who can receive, what is held for whom, and the customer's own buttons.
import { $, ask, attempt, dialog, el, say, table } from "./dom.js";

let destinations = [];

function destinationRow(one) {
  const label = `${one.customer}/${one.name}`;
  const act = (operation, text) => el("button", {
    type: "button", textContent: text,
    onclick: attempt(async () => {
      await ask(`/destinations/${encodeURIComponent(one.customer)}/${encodeURIComponent(one.name)}/${operation}`, "POST", {});
      say(`${label}: ${text.toLowerCase()}`);
    }),
  });
  const buttons = one.source_status === "active"
    ? [act("release", "Start delivery"), act("ping", "Send a test event"), act("detach", "Detach the bus")]
    : [act("attach", "Attach a bus"), act("release", "Start delivery")];
  buttons.push(one.status === "paused" ? act("resume", "Resume") : act("pause", "Pause"));
  const state = one.holding ? `${one.held} held: ${one.holding}` : one.held ? `${one.held} being released` : "delivers";
  return el("div", { className: "entry" },
    el("div", { className: "head" },
      el("h3", { textContent: label }), el("span", { className: `result ${one.holding ? "queued" : "accepted"}`, textContent: state })),
    table([["Source", one.source], ["Its state", one.source_status], ["Status", one.status]]),
    el("div", { className: "buttons" }, ...buttons));
}

export function show(found) {
  const changed = JSON.stringify(found) !== JSON.stringify(destinations);
  destinations = found;
  $("open-destinations").hidden = !found.length;
  $("destinations").textContent = found.length;
  if (changed && $("destination-list")) $("destination-list").replaceChildren(...destinations.map(destinationRow));
}

export function start() {
  $("open-destinations").addEventListener("click", () => dialog("Customers' destinations", [
    el("p", { textContent: "The relay looks at each source once a minute; Start delivery looks at once. Without a bus EventBridge would drop events, so they are held." }),
    el("div", { id: "destination-list" }, ...destinations.map(destinationRow))], []));
}
