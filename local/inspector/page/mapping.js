// Try another mapping of a route on a webhook, and write it.
import { $, ask, attempt, button, dialog, el, say, table } from "./dom.js";
import { Folds, jsonView } from "./json.js";

export async function edit(one) {
  const route = await ask(`/routes/${encodeURIComponent(one.route)}`);
  const numbers = el("pre", { className: "numbers", "aria-hidden": "true" });
  const text = el("textarea", { value: route.text, spellcheck: false, "aria-label": `The route ${one.route} of ${route.file}`, id: "mapping" });
  const outcome = el("div", { id: "outcome", role: "status" });
  const folds = new Folds();
  const number = (problems) => {
    const wrong = new Set(problems.map((problem) => problem.line));
    numbers.replaceChildren(...text.value.split("\n").flatMap((_, index) => [
      wrong.has(index + 1) ? el("b", { textContent: index + 1 }) : document.createTextNode(index + 1), "\n"]));
  };
  const save = button(`Write to ${route.file}…`, async () => {
    if (!confirm(`Write this route to ${route.file}? It is deployed when make run or make deploy runs next.`)) return;
    await ask(`/routes/${encodeURIComponent(one.route)}`, "PUT", { text: text.value, version: route.version });
    $("dialog").close();
    say(`Written to ${route.file}`);
  }, { className: "primary", id: "save" });
  let asked = 0;
  const see = attempt(async () => {
    const mine = ++asked;
    const found = await ask(`/routes/${encodeURIComponent(one.route)}/attempt`, "POST", { webhook: one.id, text: text.value });
    if (mine !== asked) return;
    number(found.problems || []);
    save.disabled = Boolean(found.problems) || text.value === route.text;
    outcome.replaceChildren(...(found.problems
      ? found.problems.map((problem) => el("p", { className: "problem", textContent: `line ${problem.line}: ${problem.message}` }))
      : [el("h3", { textContent: found.entries.length === 1 ? "1 entry" : `${found.entries.length} entries` }), ...found.entries.map((entry) => tried(entry, folds))]));
  });
  let timer;
  text.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(see, 120); });
  text.addEventListener("scroll", () => { numbers.scrollTop = text.scrollTop; });
  number([]);
  dialog(`Try a mapping: ${one.route}`, [
    el("p", { textContent: "Edit the route; beside it is what this webhook would become. Nothing is sent, nothing is written." }),
    el("div", { className: "editor" }, el("div", { className: "text" }, numbers, text), outcome),
  ], [save]);
  text.focus();
  await see();
}

function tried(entry, folds) {
  const resources = entry.wire.Resources.join(", ");
  return el("div", { className: "entry" },
    table([["Source", entry.source], ["Detail-type", entry["detail-type"]], ["Region", entry.region], ["Time", entry.time], ...(resources ? [["Resources", resources]] : []), ["Size", `${entry.bytes} bytes`]]),
    entry.refused ? el("p", { className: "problem", textContent: `would be refused: ${entry.refused}` }) : null,
    jsonView(entry.wire.Detail, folds, `tried ${entry.entry}`));
}
