// What the state of a destination means to the customer, in words: whose turn it is, and what waits.

import { duration, later, moment, momentAndDistance } from "./times.js";

const BUS = "An event bus is the inbox for events in your account.";
const RULE = "A rule is a filter on the bus that sends matching events on, to a queue or a function for example; without one, events reach the bus and go nowhere.";
const ATTACH = "Attach an event bus to the source: in the console, choose the source and “Associate with event bus”, or use the code below. This page notices by itself within two minutes; “Send a test event” looks at once.";

/** Return `{mood, title, text}`; `mood` is `yours`, `ours`, `good` or `stopped`. */
export function turn(destination, settings) {
  if (destination.status === "disabled") return disabled(destination);
  if (destination.status === "paused") {
    const text = `Events wait until you resume.${destination.source_status === "pending" ? " The source has no event bus." : ""}`;
    return { mood: "stopped", title: "Paused", text };
  }
  switch (destination.source_status) {
    case "missing":
      return {
        mood: "ours", title: "The source is gone; our turn",
        text: "AWS deleted the source: nobody attached a bus in time. It is created again within two minutes. If your account still has the old bus, delete it first.",
      };
    case "unknown": // nobody has looked since it was created; a bus can be attached already
    case "pending":
      return pending(destination);
    default:
      return active(destination, settings);
  }
}

/** Return by when the customer has to attach a bus, in words, or "". */
export function clock(destination) {
  const runs = destination.source_status === "pending" && destination.status !== "disabled" && destination.expires_at;
  return runs ? `AWS deletes the source on ${momentAndDistance(destination.expires_at)} unless it has a bus by then.` : "";
}

/** Return how many messages wait and until when, in words. */
export function waiting({ held, holding, status }, settings) {
  if (settings.hold_seconds === null) return holding ? "Nothing is kept: what is sent meanwhile is lost." : "";
  if (status === "disabled" && !held?.webhooks) return "What is sent while the connection is stopped is not kept.";
  if (!held?.webhooks) return holding ? `Nothing waits yet. What comes now is kept for ${duration(settings.hold_seconds)}.` : "";
  const number = held.webhooks === 1 ? "1 message with events waits" : `${held.webhooks.toLocaleString("en")} messages with events wait`;
  const kept = held.oldest_at
    ? ` The oldest came on ${moment(held.oldest_at)} and is kept until ${moment(later(held.oldest_at, settings.hold_seconds))}.` : "";
  return `${held.at_least ? "At least " : ""}${number} for you.${kept}`;
}

/** Return who made a change, as the customer knows them. */
export function author(by, { title }) {
  return by.startsWith("page:") ? `${by.slice("page:".length)} on this page` : title;
}

/** Return 12 digits as `2222 2222 2222`. */
export function groupsOfFour(account) {
  return account.replace(/(.{4})(?=.)/g, "$1 ");
}

function disabled({ status_reason: reason, last_error: error }) {
  switch (reason) {
    case "never-attached":
      return {
        mood: "stopped", title: "Expired: no event bus was attached in time",
        text: "AWS deleted the source, and once more after we had created it again. Resume creates it anew; have your bus ready.",
      };
    case "refused":
      return {
        mood: "stopped", title: "Stopped: EventBridge refuses the events",
        text: `The last refusal: ${error || "unknown"}. Resume tries again.`,
      };
    default:
      return { mood: "stopped", title: "Stopped", text: "Resume starts again." };
  }
}

function pending(destination) {
  if (!destination.was_active) {
    return { mood: "yours", title: "Your turn: no event bus is attached yet", text: `${ATTACH} ${BUS}` };
  }
  // A deactivated source has two weeks, one without a bus has seven days: AWS tells a partner nothing else.
  const left = (new Date(destination.expires_at) - new Date(destination.source_status_at)) / 86400000;
  if (destination.expires_at && left > 8) {
    return {
      mood: "yours", title: "Your turn: the source is deactivated in your account",
      text: "Activate it in the console under “Partner event sources”.",
    };
  }
  return {
    mood: "yours", title: "Your turn: the event bus was deleted in your account",
    text: `${ATTACH} If the source was deactivated instead, activate it.`,
  };
}

function active({ holding, held, last_error: error }, settings) {
  switch (holding) {
    case "settling":
      return {
        mood: "yours", title: "Your turn: create your rules, then start delivery",
        text: `The bus is there. ${RULE} Delivery begins by itself ${duration(settings.settle_seconds)} after we saw the bus.`,
      };
    case "refused":
      return {
        mood: "ours", title: "EventBridge refuses the events; our turn",
        text: `${error || "It gave no reason"}. Events wait, and are tried again within five minutes.`,
      };
    default:
      return held?.webhooks
        ? { mood: "good", title: "Connected: what waited is being delivered", text: "New events are delivered at the same time, so they may arrive before older ones." }
        : { mood: "good", title: "Connected: events are delivered as they come", text: "" };
  }
}
