// The customer's side as code: bus, rules and what watches them, to copy or download.

import { ask, pathOf } from "./api.js";
import { button, copy, el } from "./dom.js";

const FORMS = {
  cloudformation: { label: "CloudFormation", file: "eventbridge.yaml" },
  terraform: { label: "Terraform", file: "eventbridge.tf" },
  cli: { label: "AWS CLI", file: "eventbridge.sh" },
  console: { label: "Console, step by step", file: "eventbridge.md" },
};

export function handoverPart(name) {
  const id = `handover-${name}`;
  const form = el("select", { id }, ...Object.entries(FORMS).map(([value, { label }]) => el("option", { value, textContent: label })));
  const code = el("pre", { tabIndex: 0, role: "group", "aria-label": "Code for your account" });
  const load = async () => {
    const chosen = form.value;
    code.textContent = "Loading…";
    let text;
    try {
      text = (await ask(`${pathOf(name, "handover")}?as=${chosen}`)).value.text;
    } catch (error) {
      text = error.message;
    }
    if (chosen === form.value) code.textContent = text;
  };
  form.addEventListener("change", load);
  const node = el("details", {}, el("summary", { textContent: "Set up your side as code" }),
    el("p", { className: "hint", textContent: "Event bus, rule, a queue for what cannot be delivered, and alarms, for your account. Read it before you run it." }),
    el("p", { className: "buttons" }, el("label", { htmlFor: id, textContent: "As" }), form,
      button("Copy", () => copy(code.textContent, FORMS[form.value].label)),
      button("Download", () => download(code.textContent, FORMS[form.value].file))), code);
  node.addEventListener("toggle", () => { if (node.open && !code.textContent) load(); });
  return { node, update: () => {} };
}

function download(text, file) {
  const url = URL.createObjectURL(new Blob([text], { type: "text/plain" }));
  el("a", { href: url, download: file }).click();
  URL.revokeObjectURL(url);
}
