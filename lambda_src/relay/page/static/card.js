// One destination on the page. It is built once and updated: what somebody types or has focused stays as it is.

import { againPart, deliveryPart, endingPart } from "./actions.js";
import { button, copy, el, setText, showText, teller } from "./dom.js";
import { eventItems } from "./events.js";
import { handoverPart } from "./handover.js";
import { moment, momentAndDistance } from "./times.js";
import { author, clock, groupsOfFour, turn, waiting } from "./words.js";

/** Return `{node, update(destination)}`. `change` has what the customer can do (see script.js), null if only to read. */
export function createCard(first, settings, change) {
  const id = `destination-${first.name}`;
  const heading = el("h2", { id, tabIndex: -1, textContent: first.name });
  const parts = [
    placePart(first),
    sourcePart(first, settings),
    turnPart(settings),
    change && deliveryPart(first.name, settings, change),
    handoverPart(first.name),
    factsPart(settings),
    change && againPart(first.name, change),
    eventsPart(first.name, settings, change),
    change && endingPart(first.name, change),
  ].filter(Boolean);
  const node = el("section", { className: "card", "aria-labelledby": id }, heading, ...parts.map((part) => part.node));
  return {
    node,
    update(destination) {
      const focused = node.contains(document.activeElement) ? document.activeElement : null;
      for (const part of parts) part.update(destination);
      // What had the focus may be gone by now, such as “Start delivery” after delivery has started.
      if (focused && !focused.checkVisibility()) heading.focus();
    },
  };
}

function placePart(first) {
  const description = el("span");
  return {
    node: el("p", { className: "quiet" }, `Account ${groupsOfFour(first.aws_account_id)}, ${first.aws_region}`, description),
    update: ({ description: text }) => setText(description, text ? `. ${text}` : ""),
  };
}

function sourcePart({ source: name, aws_region: region, console_url: url }, { title }) {
  const safe = URL.canParse(url) && new URL(url).protocol === "https:";
  return {
    node: el("div", { className: "source" },
      el("h3", { textContent: "Source" }),
      el("p", { className: "copyable" }, el("code", { textContent: name }),
        button("Copy", () => copy(name, "The source's name"), { "aria-label": "Copy the source's name" })),
      el("p", { className: "hint", textContent: `The source is the channel through which ${title} sends you events. The event bus you attach must have exactly this name.` }),
      safe ? el("p", {}, el("a", { href: url, target: "_blank", rel: "noopener noreferrer", textContent: `Open the EventBridge console in ${region}` })) : null),
    update: () => {},
  };
}

function turnPart(settings) {
  const title = el("b"), text = el("span"), until = el("p"), wait = el("p");
  const said = el("p", { role: "status" }, title, " ", text);
  const node = el("div", { className: "turn" }, said, until, wait);
  return {
    node,
    update(destination) {
      const words = turn(destination, settings);
      node.className = `turn ${words.mood}`;
      setText(title, `${words.title}.`);
      setText(text, words.text);
      showText(until, clock(destination));
      showText(wait, waiting(destination, settings));
    },
  };
}

function factsPart(settings) {
  const rows = {
    "Last delivery after waiting": ({ last_delivered_at: at }) => at && momentAndDistance(at),
    "Last refusal by EventBridge": ({ last_error: error }) => error,
    "Changed": ({ updated_at: at, updated_by: by }) => at && `${moment(at)} by ${author(by, settings)}`,
    "Last look at the source": ({ source_status_at: at }) => at && momentAndDistance(at),
  };
  const values = Object.entries(rows).map(([name, value]) => ({ name, value, node: el("dd") }));
  return {
    node: el("dl", {}, ...values.map(({ name, node }) => el("div", {}, el("dt", { textContent: name }), node))),
    update(destination) {
      for (const { node, value } of values) setText(node, value(destination) || "none yet");
    },
  };
}

function eventsPart(name, settings, change) {
  const list = el("ul", { className: "plain" });
  const { node: told, tell } = teller();
  const edit = change && button("Change what is received", tell(() => change.edit(name)));
  let shown = "";
  return {
    node: el("div", {}, el("h3", { textContent: "Events" }), list, edit, told),
    update({ detail_types: types }) {
      if (types.join("\n") !== shown) list.replaceChildren(...eventItems(types, settings.detail_types));
      shown = types.join("\n");
    },
  };
}
