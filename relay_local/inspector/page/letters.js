// The dead letters: what EventBridge refused for good, or a route could not map, and what to do about each.
import { $, ask, attempt, button, dialog, el, say, table } from "./dom.js";
import { Folds, jsonView } from "./json.js";
import * as webhook from "./webhook.js";

const folds = new Folds();
let open = () => {};

const letters = attempt(() => show(() => true));
const refresh = attempt(() => show(() => $("dialog").open)); // nobody wants it back who has closed it meanwhile

async function show(isWanted) {
  const found = await ask("/dead-letters");
  if (!isWanted()) return;
  const redrive = button("Redrive all…", async () => {
    const several = found.length === 1 ? "the dead letter" : `all ${found.length} dead letters`;
    if (!confirm(`Send ${several} back to the retry queue? Those whose cause is not removed come back.`)) return;
    redrive.disabled = true;
    await ask("/dead-letters/redrive", "POST", {});
    say("Sent back to the retry queue; what is refused again comes back here");
    $("dialog").close();
  }, { className: "primary", id: "redrive", disabled: !found.length });
  dialog("Dead letters", found.length ? [...byCause(found)].flatMap(([, same]) => group(same[0].error, same))
    : [el("p", { textContent: "There are none. What EventBridge refuses for good, or a route cannot map, waits here for a person." })], [redrive]);
}

// Those with the same error and the same thing to do: a failure that was simulated is not the mistake of a template.
function byCause(found) {
  const groups = new Map();
  for (const letter of found) {
    const cause = JSON.stringify([letter.error, letter.advice]);
    groups.set(cause, [...groups.get(cause) || [], letter]);
  }
  return groups;
}

function group(error, same) {
  return [
    el("h3", { className: "title", textContent: `${error || "Not of this relay"} (${same.length})` }),
    el("p", { className: "advice", textContent: `What to do: ${same[0].advice}.` }),
    ...same.map(letterPart)];
}

function letterPart(letter) {
  const path = `/dead-letters/${encodeURIComponent(letter.id)}`;
  const link = letter.webhook === null ? null : el("a", {
    href: webhook.address(letter.webhook), textContent: `Webhook ${letter.webhook}`,
    onclick: (event) => { event.preventDefault(); $("dialog").close(); open(letter.webhook); },
  });
  return el("div", { className: "entry", id: `letter-${letter.id}` },
    el("div", { className: "head" },
      el("h3", { textContent: [letter.route, letter["detail-type"]].filter(Boolean).join(": ") }),
      el("span", { textContent: new Date(letter.sent_at).toLocaleTimeString() }), link),
    table([["Why", letter.message], ["Source", letter.source], ["Attempts", letter.attempts ? String(letter.attempts) : ""]].filter(([, value]) => value)),
    el("div", { className: "buttons" },
      button("Redrive…", async () => {
        if (!confirm("Send this dead letter back to the retry queue? If its cause is not removed, it comes back.")) return;
        await ask(`${path}/redrive`, "POST", {});
        say("Sent back to the retry queue; if it is refused again it comes back here");
        await refresh();
      }),
      button("Discard…", async () => {
        if (!confirm("Delete this dead letter for good? The customer never gets its event.")) return;
        await ask(`${path}/discard`, "POST", {});
        say("Discarded");
        await refresh();
      })),
    folds.part(letter.id, false, {}, el("summary", { textContent: "The message" }), () => [
      typeof letter.content === "string" ? el("pre", { textContent: letter.content }) : jsonView(JSON.stringify(letter.content), folds, letter.id)]));
}

export function start(show) {
  open = show;
  $("open-letters").addEventListener("click", letters);
}
