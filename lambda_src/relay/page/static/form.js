// The form that connects an account, or changes what a connection receives. A mistyped account would get all events.

import { button, closeDialog, el, once, openDialog } from "./dom.js";
import { eventFields } from "./events.js";
import { groupsOfFour } from "./words.js";

const NAME = /^[A-Za-z0-9][A-Za-z0-9_-]{0,31}$/;

/** Open the form for a new connection. `save(name, body)` closes it, or raises a refusal that is shown at its field. */
export function openConnectForm(settings, save) {
  const name = field("name", "Name", "Yours, such as prod. It becomes part of the source's name.", { maxLength: 32 });
  const account = field("aws_account_id", "AWS account", "The 12 digits of the account that is to receive the events.", { inputMode: "numeric" });
  const region = el("select", { id: "aws_region", "aria-describedby": "aws_region-hint aws_region-error" },
    ...settings.regions.map((value) => el("option", { value, textContent: value })));
  const events = eventFields(["*"], settings.detail_types);
  const description = field("description", "Description (optional)", "", { maxLength: 256 });
  const repeated = el("p", { id: "repeated", className: "account" });
  const digits = () => account.input.value.replace(/[\s-]/g, "");
  account.input.addEventListener("input", () => { repeated.textContent = groupsOfFour(digits()); });

  const check = () => [
    !NAME.test(name.input.value.trim()) && ["name", "Expected 1 to 32 letters, digits, “-” or “_”, a letter or digit first."],
    !/^[0-9]{12}$/.test(digits()) && ["aws_account_id", `Expected 12 digits, got ${digits().length} characters.`],
    !events.value().length && ["detail_types", "Choose at least one kind of event."],
  ].filter(Boolean);
  const body = () => ({
    aws_account_id: digits(), aws_region: region.value, detail_types: events.value(), description: description.input.value,
  });

  const first = form([name.node, account.node, repeated, labeled(region, "aws_region", "Region", "Your event bus has to be in this Region."), events.node, errorOf("detail_types"), description.node],
    "Continue", () => {
      if (showErrors(check())) return;
      const question = confirmation(body(), async () => {
        try {
          await save(name.input.value.trim(), body());
        } catch (refusal) {
          back();
          showErrors([[refusal.field, refusal.message]]);
        }
      }, () => back());
      openDialog("Is this your account?", ...question);
      document.getElementById("account-check").focus();
    });
  const back = () => {
    openDialog("Connect an AWS account", first);
    account.input.focus();
  };
  openDialog("Connect an AWS account", first);
  name.input.focus();
}

/** Open the form that changes which events a destination receives, and its description. */
export function openEventsForm(destination, settings, save) {
  const events = eventFields(destination.detail_types, settings.detail_types);
  const description = field("description", "Description (optional)", "", { maxLength: 256, value: destination.description });
  openDialog(`What ${destination.name} receives`, form([events.node, errorOf("detail_types"), description.node], "Save", async () => {
    if (showErrors(events.value().length ? [] : [["detail_types", "Choose at least one kind of event."]])) return;
    try {
      await save({ detail_types: events.value(), description: description.input.value });
    } catch (refusal) {
      showErrors([[refusal.field, refusal.message]]);
    }
  }));
}

function confirmation({ aws_account_id: account, aws_region: region }, accept, back) {
  return [
    el("p", { textContent: "All events you have chosen go to this account. A wrong digit would send them to somebody else." }),
    el("p", { id: "account-check", className: "account large", tabIndex: -1, textContent: groupsOfFour(account) }),
    el("p", { textContent: `Region ${region}` }),
    el("p", { className: "hint", textContent: "The console shows the account at the top right; “aws sts get-caller-identity” prints it." }),
    el("p", { className: "buttons" }, button("Yes, connect it", accept, { className: "primary" }), button("Back", back)),
  ];
}

function form(nodes, submit, onsubmit) {
  const send = el("button", { type: "submit", className: "primary", textContent: submit });
  const made = el("form", { noValidate: true }, el("p", { id: "form-error", className: "error", role: "alert" }), ...nodes,
    el("p", { className: "buttons" }, send, button("Cancel", closeDialog)));
  made.addEventListener("submit", (event) => {
    event.preventDefault();
    once(send, onsubmit);
  });
  return made;
}

function field(id, label, hint, properties) {
  const input = el("input", {
    id, type: "text", autocomplete: "off", spellcheck: false, "aria-describedby": `${id}-hint ${id}-error`, ...properties,
  });
  return { input, node: labeled(input, id, label, hint) };
}

function labeled(input, id, label, hint) {
  return el("div", { className: "field" }, el("label", { htmlFor: id, textContent: label }), input,
    el("p", { id: `${id}-hint`, className: "hint", textContent: hint }), errorOf(id));
}

function errorOf(id) {
  return el("p", { id: `${id}-error`, className: "error" });
}

/** Show each error at its field, or above the form; go to the first one. Return whether there is one. */
function showErrors(errors) {
  for (const node of document.querySelectorAll("#dialog .error")) node.textContent = "";
  for (const node of document.querySelectorAll("#dialog [aria-invalid]")) node.removeAttribute("aria-invalid");
  for (const [id, message] of [...errors].reverse()) {
    const place = document.getElementById(`${id}-error`);
    (place || document.getElementById("form-error")).textContent = message;
    const input = document.getElementById(id) || (place && document.querySelector("#events input"));
    if (input) {
      input.setAttribute("aria-invalid", "true");
      input.focus();
    }
  }
  return errors.length > 0;
}
