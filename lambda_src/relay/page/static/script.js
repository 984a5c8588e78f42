// The customer's page: opens the session, shows the destinations, and does what the customer asks for.

import { Ended, ask, endSession, onEnded, openSession, pathOf, returnUrl } from "./api.js";
import { applyBrand } from "./brand.js";
import { createCard } from "./card.js";
import { $, closeDialog, say, showText } from "./dom.js";
import { openConnectForm, openEventsForm } from "./form.js";
import { keepFresh } from "./refresh.js";
import { moment } from "./times.js";

let settings;
const cards = new Map(); // by source: a name may be used again
let refreshNow;

function showSettings() {
  applyBrand(settings, document);
  $("title").textContent = `Events from ${settings.title}`;
  document.title = $("title").textContent;
  const read = settings.scope === "manage" ? "" : " You can look, and change nothing.";
  $("who").textContent = `Opened for ${settings.customer} by ${settings.actor}, until ${moment(settings.expires_at)}.${read}`;
  $("connect").hidden = settings.scope !== "manage";
  $("connect").addEventListener("click", () => openConnectForm(settings, connect));
  $("connected").hidden = false;
}

/** Show nothing but why the page cannot go on, and where a new link is. */
function showStopped(why) {
  closeDialog();
  $("connected").hidden = true;
  $("stopped-why").textContent = why;
  const url = returnUrl();
  $("return").hidden = !url;
  if (url) $("return").href = url;
  $("stopped").hidden = false;
  $("title").focus();
}

/** Ask for the destinations and show them; return whether one of them is still to change by itself. */
async function refresh() {
  let destinations;
  try {
    destinations = (await ask("destinations")).value.destinations;
    showText($("trouble"), "");
  } catch (error) {
    if (error instanceof Ended) return false;
    showText($("trouble"), `${error.message} It is tried again.`);
    return true;
  }
  const sources = new Set(destinations.map(({ source }) => source));
  for (const [source, card] of cards) {
    if (sources.has(source)) continue;
    card.node.remove();
    cards.delete(source);
  }
  destinations.forEach(show);
  $("none").hidden = destinations.length > 0;
  return destinations.some(isPending);
}

function show(destination) {
  const { source } = destination;
  if (!cards.has(source)) {
    const card = createCard(destination, settings, settings.scope === "manage" ? change : null);
    cards.set(source, card);
    $("destinations").append(card.node);
  }
  cards.get(source).update(destination);
}

function isPending({ status, holding, held }) {
  return status === "enabled" && (holding !== null || Boolean(held?.webhooks));
}

async function connect(name, body) {
  const { value: { source } } = await ask(pathOf(name), { method: "PUT", body, headers: { "If-None-Match": "*" } });
  closeDialog();
  await refreshNow();
  cards.get(source)?.node.querySelector("h2").focus();
  say(`${name} is connected. Now attach an event bus.`);
}

/** What the customer can do to a destination. Each raises Refusal, and the page shows the new state afterwards. */
const change = {
  async post(name, operation, body = {}) {
    const { value } = await ask(pathOf(name, operation), { method: "POST", body });
    await refreshNow();
    return value;
  },
  async edit(name) {
    const { value: { aws_account_id, aws_region, ...shown }, etag } = await ask(pathOf(name));
    openEventsForm(shown, settings, async (body) => {
      await ask(pathOf(name), { method: "PUT", body: { aws_account_id, aws_region, ...body }, headers: { "If-Match": etag } });
      closeDialog();
      await refreshNow();
    });
  },
  async disconnect(name, discard) {
    await ask(`${pathOf(name)}${discard ? "?discard=true" : ""}`, { method: "DELETE" });
    closeDialog();
    await refreshNow();
    $("title").focus();
    say(`${name} is disconnected.`);
  },
};

onEnded((why) => {
  endSession();
  showStopped(why);
});
addEventListener("hashchange", () => location.reload()); // another link was opened in this tab

try {
  await openSession();
  settings = (await ask("settings")).value;
  showSettings();
  refreshNow = keepFresh(refresh);
  await refreshNow();
} catch (error) {
  showStopped(error.message);
}
