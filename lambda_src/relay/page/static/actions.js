// What a customer can do to a destination: start delivery, test it, send again, pause, disconnect.

import { button, closeDialog, el, openDialog, setText, teller } from "./dom.js";
import { duration, localInput } from "./times.js";

const RESENDABLE_DAYS = 3;
const STARTABLE = new Set(["settling", "refused"]); // without a bus there is nothing to start

/** Return the part with “Start delivery” and “Send a test event”. */
export function deliveryPart(name, settings, change) {
  const { node: told, tell } = teller();
  const start = button("Start delivery", tell(async () => {
    await change.post(name, "release", {});
    return "Delivery has started.";
  }), { className: "primary" });
  const test = button("Send a test event", tell(async () => {
    const { event_id: id } = await change.post(name, "ping");
    return `Sent: detail-type ${settings.ping}, id ${id}. Look for it where your rule sends events. If it is not there, the rule does not match it: the rule's metric “MatchedEvents” in CloudWatch counts what it matches.`;
  }));
  let shown = "";
  return {
    node: el("div", {}, el("p", { className: "buttons" }, start, test), told),
    update({ status, source_status: source, holding }) {
      if (source !== shown) told.textContent = ""; // what was said is true no longer
      shown = source;
      start.hidden = status !== "enabled" || !STARTABLE.has(holding);
      test.hidden = status === "disabled";
    },
  };
}

/** Return the part that sends again what was delivered since a time, for a rule that came late. */
export function againPart(name, change) {
  const { node: told, tell } = teller();
  const id = `since-${name}`;
  const hour = new Date(Date.now() - 3600_000), earliest = new Date(Date.now() - RESENDABLE_DAYS * 86400_000);
  const since = el("input", { id, type: "datetime-local", value: localInput(hour), min: localInput(earliest) });
  const send = button("Send again", tell(async () => {
    if (Number.isNaN(new Date(since.value).getTime())) throw new Error("Choose a date and a time.");
    await change.post(name, "release", { since: new Date(since.value).toISOString() });
    return "What had waited and was received since then is sent once more; what had arrived arrives again.";
  }));
  const node = el("details", {}, el("summary", { textContent: "Send again" }),
    el("p", { className: "hint", textContent: `What had waited for you is kept for ${RESENDABLE_DAYS} days after it was delivered, in case your rules came late.` }),
    el("p", { className: "buttons" }, el("label", { htmlFor: id, textContent: "Received since" }), since, send), told);
  return { node, update: ({ status, holding }) => { node.hidden = status !== "enabled" || Boolean(holding); } };
}

/** Return the part with “Pause” or “Resume”, and “Disconnect”. */
export function endingPart(name, change) {
  const { node: told, tell } = teller();
  let paused = false;
  const pause = button("Pause", tell(async () => {
    const { effective_at: at } = await change.post(name, paused ? "resume" : "pause");
    return `${paused ? "Paused" : "Resumed"}; in force everywhere in ${duration((new Date(at) - Date.now()) / 1000)}.`;
  }));
  const disconnect = button("Disconnect…", () => askToDisconnect(name, change), { className: "danger" });
  return {
    node: el("div", {}, el("p", { className: "buttons" }, pause, disconnect), told),
    update({ status }) {
      paused = status !== "enabled";
      setText(pause, paused ? "Resume" : "Pause");
    },
  };
}

function askToDisconnect(name, change) {
  const error = el("p", { className: "error", role: "alert" });
  let discard = false;
  const accept = button("Disconnect", async () => {
    try {
      await change.disconnect(name, discard);
    } catch (refusal) {
      if (refusal.code !== "held") {
        error.textContent = refusal.message;
        return;
      }
      discard = true;
      const { webhooks = 0, at_least: more } = refusal.held || {};
      error.textContent = `${more ? "At least " : ""}${webhooks} ${webhooks === 1 ? "message waits" : "messages wait"} for you and would be deleted. Start delivery first if you want what waits.`;
      accept.textContent = "Delete what waits and disconnect";
    }
  }, { className: "danger" });
  openDialog(`Disconnect ${name}?`,
    el("p", { textContent: "No events are sent any more, and the source is deleted. Your event bus and its rules stay in your account until you delete them." }),
    error, el("p", { className: "buttons" }, accept, button("Keep it", closeDialog)));
}
