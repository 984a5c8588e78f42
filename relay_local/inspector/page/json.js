// JSON as a tree that folds, in colors. It is read from its own text: each number and each name stays as it was spelled.
import { button, copy, el } from "./dom.js";

const MOST_CHILDREN = 200;
const SMALL = 150;
const LONG = 5000;

// What has been opened and closed, by a key: what is drawn again looks as it did.
export class Folds {
  #open = new Map();

  part(key, open, properties, summary, fill) {
    const body = el("div");
    const made = el("details", { ...properties, open: this.#open.get(key) ?? open }, summary, body);
    const draw = () => { if (!body.hasChildNodes()) body.append(...fill()); };
    if (made.open) draw();
    made.addEventListener("toggle", () => { this.#open.set(key, made.open); if (made.open) draw(); });
    return made;
  }

  section(title, open, fill) {
    return this.part(title, open, {}, el("summary", { textContent: title }), fill);
  }
}

// Returns a tree of { kind, text, name, children, size }, or null if the text is not JSON.
export function parse(text) {
  try { JSON.parse(text); } catch { return null; }
  const root = { kind: "root", children: [], size: 0 };
  const path = [root];
  let name = null;
  for (let at = 0; at < text.length;) {
    const first = text[at];
    const end = tokenEnd(text, at);
    const inside = path.at(-1);
    if (first === "{" || first === "[") {
      const node = { kind: first === "{" ? "object" : "array", name, children: [], size: 1 };
      inside.children.push(node);
      path.push(node);
      name = null;
    } else if (first === "}" || first === "]") {
      path.pop();
      path.at(-1).size += inside.size;
    } else if (!/[\s,:]/.test(first)) {
      const token = text.slice(at, end);
      if (inside.kind === "object" && name === null) name = token;
      else {
        inside.children.push({ kind: first === '"' ? "string" : /[-0-9]/.test(first) ? "number" : "word", name, text: token, size: 1 });
        inside.size += 1;
        name = null;
      }
    }
    at = end;
  }
  return root.children[0];
}

function tokenEnd(text, start) {
  let at = start + 1;
  if (text[start] === '"') {
    while (text[at] !== '"') at += text[at] === "\\" ? 2 : 1;
    return at + 1;
  }
  if (/[\w.+-]/.test(text[start])) while (at < text.length && /[\w.+-]/.test(text[at])) at += 1;
  return at;
}

// `pick(path)` is called with the JMESPath of a name that is clicked; without it names are only text.
export function jsonView(text, folds, key, pick = null) {
  const tree = parse(text);
  if (tree === null) return el("pre", { textContent: text });
  const everything = tree.size <= SMALL;
  return el("div", { className: "json" }, node(tree, [], { folds, key, pick, everything }));
}

function node(one, path, view) {
  if (!one.children) return el("div", { className: "leaf" }, ...label(one, path, view), scalar(one));
  const [open, close] = one.kind === "object" ? ["{", "}"] : ["[", "]"];
  if (!one.children.length) return el("div", { className: "leaf" }, ...label(one, path, view), el("span", { textContent: open + close }));
  const summary = el("summary", {}, ...label(one, path, view), el("span", { textContent: open }),
    el("span", { className: "folded", textContent: ` ${inShort(one)} ${close}` }));
  const expanded = view.everything || path.length < 2;
  const inner = (from) => {
    const until = Math.min(one.children.length, from + MOST_CHILDREN);
    const drawn = one.children.slice(from, until).map((child, index) =>
      node(child, [...path, one.kind === "object" ? child.name : from + index], view));
    if (until < one.children.length) {
      const more = button(`${one.children.length - until} more`, () => more.replaceWith(...inner(until)));
      drawn.push(more);
    }
    return drawn;
  };
  return el("div", {}, view.folds.part(`${view.key} ${path.join("/")}`, expanded, { className: "fold" }, summary, () => inner(0)),
    el("span", { className: "close", textContent: close }));
}

function inShort(one) {
  const first = one.children[0];
  const hint = first.text && first.text.length <= 60 ? `${first.name === null ? "" : `${first.name}: `}${first.text}` : "";
  const number = `${one.children.length} ${one.kind === "object" ? "key" : "item"}${one.children.length === 1 ? "" : "s"}`;
  if (!hint) return number;
  return one.children.length === 1 ? hint : `${hint}, … ${number}`;
}

function label(one, path, view) {
  if (one.name === null) return [];
  const name = view.pick
    ? button(one.name, () => view.pick(jmespath(path)), { className: "name", title: `Insert \${${jmespath(path)}}` })
    : el("span", { className: "name", textContent: one.name });
  return [name, el("span", { textContent: ": " })];
}

function scalar(one) {
  if (one.text.length <= LONG) return el("span", { className: one.kind, textContent: one.text });
  const cut = el("span", { className: one.kind, textContent: one.text.slice(0, LONG) });
  const more = button(`${one.text.length - LONG} more characters`, () => { cut.textContent = one.text; more.remove(); });
  return el("span", {}, cut, more);
}

// https://jmespath.org/specification.html#grammar: a name that is no identifier stands in quotation marks.
function jmespath(path) {
  return path.map((part, index) => {
    if (typeof part === "number") return `[${part}]`;
    const bare = /^"[A-Za-z_]\w*"$/.test(part) ? part.slice(1, -1) : part;
    return index ? `.${bare}` : bare;
  }).join("");
}

// A block of JSON or text with its own buttons.
export function block(title, text, folds, pick = null) {
  const shown = el("div", {}, jsonView(text, folds, title, pick));
  const raw = button("Raw", () => {
    const now = raw.getAttribute("aria-pressed") !== "true";
    raw.setAttribute("aria-pressed", String(now));
    shown.replaceChildren(now ? el("pre", { textContent: text }) : jsonView(text, folds, title, pick));
  }, { "aria-pressed": "false" });
  return el("div", { className: "block" },
    el("div", { className: "head" }, el("h3", { textContent: title }), raw, button("Copy", () => copy(text, title))), shown);
}
