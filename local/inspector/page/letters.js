// The dead letters: what EventBridge refused for good, or a route could not map, and what to do about each.
import { $, ask, attempt, button, dialog, el, say, table } from "./dom.js";
import { Folds, jsonView } from "./json.js";

const letters = attempt(async () => {
  const found = await ask("/dead-letters");
  const folds = new Folds();
  const redrive = button("Redrive all", async () => {
    redrive.disabled = true;
    await ask("/dead-letters/redrive", "POST", {});
    say("Sent back to the retry queue; what is refused again comes back here");
    $("dialog").close();
  }, { className: "primary", id: "redrive", disabled: !found.length });
  dialog("Dead letters", found.length ? found.map((letter) => el("div", { className: "entry" },
    el("div", { className: "head" }, el("h3", { textContent: `${letter.route}: ${letter.error}` }), el("span", { textContent: new Date(letter.sent_at).toLocaleTimeString() })),
    table([["Why", letter.message || ""], ["Source", letter.source || ""], ["Detail-type", letter["detail-type"] || ""], ["Attempts", String(letter.attempts ?? "")]].filter(([, value]) => value)),
    folds.part(letter.id, false, {}, el("summary", { textContent: "The message" }), () => [
      typeof letter.content === "string" ? el("pre", { textContent: letter.content }) : jsonView(JSON.stringify(letter.content), folds, letter.id)])))
    : [el("p", { textContent: "There are none. What EventBridge refuses for good, or a route cannot map, waits here for a person." })], [redrive]);
});

export function start() {
  $("open-letters").addEventListener("click", letters);
}
