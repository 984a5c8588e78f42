// Elements, and what the page says. Whatever comes from outside is put in as text, never as markup.

export const $ = (id) => document.getElementById(id);

/** Return a new element; a property that the element does not have becomes an attribute, `onclick` a listener. */
export function el(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (name in made && name !== "list") made[name] = value;
    else made.setAttribute(name, value);
  }
  made.append(...children.filter((child) => child !== null));
  return made;
}

/** Return a button that does `work`, which may be asynchronous. */
export function button(textContent, work, properties = {}) {
  const made = el("button", { type: "button", textContent, ...properties });
  made.addEventListener("click", () => once(made, work));
  return made;
}

/** Do `work` unless the same control has started it already: pressed twice is pressed once. The focus stays. */
export async function once(control, work) {
  if (control.getAttribute("aria-disabled")) return;
  control.setAttribute("aria-disabled", "true");
  try {
    await work();
  } finally {
    control.removeAttribute("aria-disabled");
  }
}

/** Return a paragraph, and a function that wraps work: what it returns or raises is shown there, and read aloud. */
export function teller() {
  const node = el("p", { className: "told", role: "status" });
  const tell = (work) => async () => {
    try {
      node.textContent = (await work()) || "";
      node.classList.remove("error");
    } catch (error) {
      node.textContent = error.message;
      node.classList.add("error");
    }
  };
  return { node, tell };
}

/** Set a text only if it is another one: selections stay, and a screen reader reads only what is new. */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** Show a text, or hide its element if there is none. */
export function showText(node, text) {
  node.hidden = !text;
  setText(node, text || "");
}

let timer;

export function say(text) {
  $("said").textContent = text;
  clearTimeout(timer);
  timer = setTimeout(() => { $("said").textContent = ""; }, 6000);
}

export async function copy(text, what) {
  try {
    await navigator.clipboard.writeText(text);
    say(`${what} copied`);
  } catch {
    say("The browser does not let this page copy: select the text and copy it.");
  }
}

/** Open the page's dialog with a title; return its element. `content` are elements. */
export function openDialog(title, ...content) {
  const dialog = $("dialog");
  dialog.replaceChildren(el("h2", { id: "dialog-title", textContent: title }), ...content);
  if (!dialog.open) dialog.showModal();
  return dialog;
}

export function closeDialog() {
  $("dialog").close();
}
