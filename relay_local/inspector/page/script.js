// The inspector's page: what the server streams, and the parts that show it.
import * as charts from "./charts.js";
import * as destinations from "./destinations.js";
import { $, attempt, el } from "./dom.js";
import * as faults from "./faults.js";
import * as letters from "./letters.js";
import * as list from "./list.js";
import * as replays from "./replays.js";
import * as webhook from "./webhook.js";

function listen() {
  const stream = new EventSource("/stream");
  let waiting;
  const again = () => {
    clearTimeout(waiting);
    waiting = setTimeout(attempt(() => webhook.show(webhook.current().id)), 100);
  };
  stream.addEventListener("open", () => { $("connection").className = ""; $("connection").textContent = "Live"; });
  stream.addEventListener("error", () => {
    $("connection").className = "lost";
    $("connection").textContent = "Not connected: is make run still up? Trying again…";
  });
  stream.addEventListener("message", (event) => {
    const message = JSON.parse(event.data);
    if (message.type === "everything") everything(message);
    else if (message.type === "webhook") list.add(message.webhook, true);
    else if (message.type === "counts") { counted(message.counts); charts.take(message.chart); }
    else if (message.type === "changed") {
      for (const one of message.webhooks) list.replace(one);
      if (message.webhooks.some((one) => one.id === webhook.current()?.id)) again();
    } else if (message.type === "events" && webhook.current()?.entries.some((entry) => !entry.event)) again();
  });
}

function everything(message) {
  list.clear();
  for (const one of message.webhooks) list.add(one, false);
  $("urls").replaceChildren(...message.routes.map(([name, path]) => el("li", {}, el("code", { textContent: `${message.url}${path}` }), ` ${name}`)));
  replays.routes(message.routes.map(([name]) => name));
  charts.take(message.chart, true);
  counted(message.counts);
  const named = webhook.addressed();
  if (named !== null) list.mark(named);
}

function counted(counts) {
  if (counts.retry === undefined) return;
  $("retry").textContent = counts.retry;
  $("dead").textContent = counts.dead_letters;
  $("open-letters").classList.toggle("some", counts.dead_letters > 0);
  faults.inForce(counts.faults);
  destinations.show(counts.destinations || []);
}

const open = attempt(async (id, focus) => {
  await webhook.open(id);
  if (focus) $("detail").focus();
});

document.addEventListener("keydown", (event) => { if (event.key === "Escape" && !$("dialog").open) webhook.back(); });
charts.start();
destinations.start();
faults.start();
letters.start(open);
list.start(open);
replays.start();
webhook.start();
listen();
