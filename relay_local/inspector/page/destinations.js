// The customers' destinations: who can receive, what is held for whom, and the customer's own buttons.
import { $, ask, attempt, dialog, el, say, table } from "./dom.js";

let destinations = [];

// What was done, for the message below.
const DONE = {
  release: "the relay has looked at the source; what is held is released if a bus is attached", ping: "a test event was sent",
  detach: "the bus is detached; the relay sees it within a minute, and EventBridge drops what comes until then",
  attach: "a bus is attached; the relay sees it within a minute, or at Start delivery", pause: "paused; events are held", resume: "resumed",
};

function destinationRow(one) {
  const label = `${one.customer}/${one.name}`;
  const act = (operation, text) => el("button", {
    type: "button", textContent: text,
    onclick: attempt(async () => {
      await ask(`/destinations/${encodeURIComponent(one.customer)}/${encodeURIComponent(one.name)}/${operation}`, "POST", {});
      say(`${label}: ${DONE[operation]}`);
    }),
  });
  const buttons = one.source_status === "active"
    ? [act("release", "Start delivery"), act("ping", "Send a test event"), act("detach", "Detach the bus")]
    : [act("attach", "Attach a bus"), act("release", "Start delivery")];
  buttons.push(one.status === "paused" ? act("resume", "Resume") : act("pause", "Pause"));
  const waiting = `${one.held} ${one.held === 1 ? "webhook" : "webhooks"}`;
  const state = one.holding ? `${one.holding}: ${waiting} held` : one.held ? `${waiting} being released` : "delivers";
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
