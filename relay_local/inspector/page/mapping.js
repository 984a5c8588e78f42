// Try another mapping of a route on a webhook, and write it.
import { $, ask, attempt, button, dialog, el, say, table } from "./dom.js";
import { Folds, jsonView } from "./json.js";

export async function edit(one) {
  const [{ mappingEditor }, route, schema] = await Promise.all([
    import("./editor.js"), ask(`/routes/${encodeURIComponent(one.route)}`), ask("/relay.schema.json")]);
  const problems = el("div", { id: "problems", role: "status" });
  const outcome = el("div", { id: "outcome", role: "status" });
  const comparison = el("div", { id: "comparison", role: "status" });
  const save = button(`Write to ${route.file}…`, async () => {
    if (!confirm(`Write this route to ${route.file}? It is deployed when make run or make deploy runs next.`)) return;
    await ask(`/routes/${encodeURIComponent(one.route)}`, "PUT", { text: editor.text(), version: route.version });
    $("dialog").close();
    say(`Written to ${route.file}; to deploy it, stop and start make run`);
  }, { className: "primary", id: "save" });
  let timer;
  const editor = mappingEditor(route.text, `The route ${one.route} of ${route.file}`, schema, one.values, () => {
    clearTimeout(timer);
    timer = setTimeout(see, 120);
  });
  let asked = 0;
  const see = attempt(async () => {
    const mine = ++asked;
    const text = editor.text();
    const found = await ask(`/routes/${encodeURIComponent(one.route)}/attempt`, "POST", { webhook: one.id, text });
    if (mine !== asked) return;
    const wrong = found.problems || [];
    editor.mark(wrong);
    problems.replaceChildren(...wrong.map((problem) => el("p", { className: "problem", textContent: `line ${problem.line}: ${problem.message}` })));
    save.disabled = wrong.length > 0 || text === route.text;
    save.title = wrong.length ? "It has problems." : text === route.text ? "Nothing has changed." : "";
    outcome.classList.toggle("stale", wrong.length > 0);
    if (!wrong.length) outcome.replaceChildren(...became(found.entries));
  });
  const compare = button("Compare with the traffic", async () => {
    const found = await ask(`/routes/${encodeURIComponent(one.route)}/compare`, "POST", { text: editor.text() });
    comparison.replaceChildren(...(found.problems ? [] : compared(found)));
  }, { id: "compare", title: "What this text would make of every webhook of the route that is stored here" });
  dialog(`Try a mapping: ${one.route}`, [
    el("p", { textContent: "Edit the route; beside it is what this webhook would become. Nothing is sent, nothing is written. Ctrl-Space completes, and a key of the webhook that you press is inserted." }),
    el("div", { className: "editor" },
      el("div", { className: "text" }, editor.node, problems),
      el("div", { className: "became" },
        comparison, el("p", { className: "stale-note", textContent: "The last result without a problem:" }), outcome),
      el("div", { className: "values" },
        el("h3", { className: "title", textContent: "What templates can use of this webhook" }),
        jsonView(JSON.stringify(one.values), new Folds(), "values", (path) => editor.insertPath(path)))),
  ], [compare, save]);
  editor.focus();
  await see();
}

function compared({ webhooks, changed, changes }) {
  const folds = new Folds();
  return [
    el("p", { textContent: `${changed} of ${webhooks} webhooks would become other entries.` }),
    ...changes.map((change, index) => folds.part(`change ${index}`, false, { className: "entry" },
      el("summary", {}, `${change.count} × ${change.change}: ${[change["detail-type"], change.fields].filter(Boolean).join(", ")}`),
      () => [jsonView(JSON.stringify(change.samples), folds, `samples ${index}`)]))];
}

function became(entries) {
  const folds = new Folds();
  const title = entries.length === 1 ? "1 entry" : `${entries.length} entries`;
  return [el("h3", { textContent: title }), ...entries.map((entry, index) => folds.part(`tried ${entry.entry}`, index === 0 || Boolean(entry.refused),
    { className: "entry" }, el("summary", {}, `${entry.entry + 1}. ${entry["detail-type"]}`), () => tried(entry, folds)))];
}

function tried(entry, folds) {
  const resources = entry.wire.Resources.join(", ");
  return [
    table([["Source", entry.source], ["Detail-type", entry["detail-type"]], ["Region", entry.region], ["Time", entry.time], ...(resources ? [["Resources", resources]] : []), ["Size", `${entry.bytes} bytes`]]),
    ...(entry.refused ? [el("p", { className: "problem", textContent: `would be refused: ${entry.refused}` })] : []),
    jsonView(entry.wire.Detail, folds, `detail ${entry.entry}`)];
}
