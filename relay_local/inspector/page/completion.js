// What can stand at a place of a route's text: keys and values from the schema of relay.toml, and inside ${…} the names that
// this webhook has.

const NAME = /[\w-]*$/;

export function complete(schema, values, context) {
  const before = context.state.doc.sliceString(0, context.pos);
  const line = before.slice(before.lastIndexOf("\n") + 1);
  const template = /\$\{([^}"]*)$/.exec(line);
  if (template) return paths(withItem(values, context.state.doc.toString()), template[1], context.pos);
  const place = placeOf(before);
  const table = tableAt(schema, place.path);
  if (!table) return null;
  if (place.value !== null) return choices(table.properties?.[place.key], place, context);
  const word = NAME.exec(line)[0];
  if (!word && !context.explicit && !/[{,]\s*$/.test(line)) return null;
  const options = Object.entries(table.properties || {}).map(([label, key]) => ({
    label, type: "property", detail: kind(key), info: said(key), apply: `${label} = `, boost: (table.required || []).includes(label) ? 1 : 0,
  }));
  return { from: context.pos - word.length, options, validFor: /^[\w-]*$/ };
}

// Where the text ends: `path` are the tables it is in, within a route; `key` and `value` what has been begun of a key.
export function placeOf(before) {
  let path = [];
  let key = null;
  let text = null; // the quotation mark that the text has begun with
  let value = null;
  const inline = [];
  const lines = before.split("\n");
  lines.forEach((line, number) => {
    const header = /^\s*\[\[?\s*([\w.-]+)\s*\]\]?\s*(#.*)?$/.exec(line);
    if (header && text === null && !inline.length) {
      path = header[1].split(".").slice(1);
      key = value = null;
      return;
    }
    for (let at = 0; at < line.length; at += 1) {
      const character = line[at];
      if (text !== null) {
        if (character === "\\" && text === '"') at += 1;
        else if (character === text) text = null;
        else value += character;
      } else if (character === "#") break;
      else if (character === '"' || character === "'") { text = character; value = ""; }
      else if (character === "=") {
        key = /([\w-]+)\s*$/.exec(line.slice(0, at))?.[1] ?? null;
        value = "";
      } else if (character === "{") { inline.push({ path, key }); path = [...path, key]; key = value = null; }
      else if (character === "}" && inline.length) { ({ path, key } = inline.pop()); value = null; }
      else if (character === "," && inline.length) { key = value = null; }
      else if (value !== null && !/\s/.test(character)) value += character;
    }
    if (number < lines.length - 1 && !inline.length) { key = value = null; text = null; }
  });
  return { path, key, value, quoted: text !== null };
}

// The schema of the table at a path in a route.
export function tableAt(schema, path) {
  let table = schema.properties.route.items;
  for (const name of path) {
    const key = table.properties?.[name];
    const found = [key, ...(key?.anyOf || []), key?.items].find((one) => one?.properties);
    if (!found) return null;
    table = found;
  }
  return table;
}

function choices(key, place, context) {
  const known = [key, ...(key?.anyOf || [])].flatMap((one) => one?.enum || (one?.type === "boolean" ? [true, false] : []));
  if (!known.length) return null;
  const options = known.map((one) => ({
    label: String(one), type: "enum", apply: typeof one === "string" && !place.quoted ? JSON.stringify(one) : String(one),
  }));
  return { from: context.pos - place.value.length, options, validFor: /^[\w.-]*$/ };
}

// `item` is an element of the list that `each` names.
function withItem(values, text) {
  const each = /^\s*each\s*=\s*"\$\{([\w.]+)\}"/m.exec(text);
  const list = each && each[1].split(".").reduce((value, name) => value?.[name], values);
  return Array.isArray(list) && list.length ? { ...values, item: list[0] } : values;
}

// The names below what has been written of an expression: body.repository.ow…
function paths(values, written, at) {
  const last = /(?:^|[^\w.[\]"])((?:[\w-]+|"[^"]*"|\[\d+\]|\.)*)$/.exec(written)?.[1] ?? "";
  const dot = last.lastIndexOf(".");
  const begun = last.slice(dot + 1);
  let value = values || {};
  for (const [, name, index] of (dot < 0 ? "" : last.slice(0, dot)).matchAll(/([\w-]+)|\[(\d+)\]/g)) value = value?.[name ?? Number(index)];
  if (value === null || typeof value !== "object") return null;
  const entries = Array.isArray(value) ? value.slice(0, 20).map((one, index) => [`[${index}]`, one]) : Object.entries(value).slice(0, 500);
  const options = entries.map(([name, one]) => ({
    label: /^([A-Za-z_]\w*|\[\d+\])$/.test(name) ? name : JSON.stringify(name).replaceAll('"', '\\"'), type: "variable", detail: inShort(one),
  }));
  return { from: at - begun.length, options, validFor: /^\w*$/ };
}

function inShort(value) {
  const text = JSON.stringify(value) ?? "";
  return text.length > 40 ? `${text.slice(0, 39)}…` : text;
}

function kind(key) {
  if (key.enum) return "choice";
  return key.type || (key.anyOf || []).map((one) => one.type).filter(Boolean).join(" or ");
}

function said(key) {
  return `${key.description || ""}${key.default === undefined ? "" : ` Default: ${JSON.stringify(key.default)}.`}`;
}
