// Failures of EventBridge that are simulated: they are chosen in the header, and a banner says so while they are in force.
import { $, ask, attempt, say } from "./dom.js";

const FAULTS = {
  none: [],
  throttling: [{ error_code: "ThrottlingException" }],
  some: [{ error_code: "MalformedDetail", entries: [0] }],
  outage: [{ status: 503, error_code: "ServiceUnavailable" }],
  slow: [{ delay: 2 }],
};

export function inForce(faults) {
  const now = JSON.stringify(faults);
  const known = Object.keys(FAULTS).find((name) => JSON.stringify(FAULTS[name]) === now);
  $("faults").value = known || "other";
  $("simulation").hidden = known === "none";
  $("simulated").textContent = known ? `EventBridge ${$("faults").selectedOptions[0].textContent}.` : "EventBridge has faults that were set with PUT /faults.";
}

export function start() {
  const inject = attempt(async (name) => {
    await ask("/faults", "PUT", FAULTS[name]);
    inForce(FAULTS[name]);
    say(name === "none" ? "The simulation has ended" : `Simulated: EventBridge ${$("faults").selectedOptions[0].textContent}`);
  });
  $("faults").addEventListener("change", (event) => inject(event.target.value));
  $("end-simulation").addEventListener("click", () => inject("none"));
}
