// The session, and requests. The link's token stands in the fragment, which no server sees; it is exchanged once.

const KEY = "session";
const BASE = new URL("v1/", import.meta.url);
let ended = () => {};

/** Call `listener` with the reason when the session is over. */
export function onEnded(listener) {
  ended = listener;
}

/** A refusal by the server: `message` is for people, `code` and `field` are those of the problem (RFC 9457). */
export class Refusal extends Error {
  constructor(problem, status) {
    super(problem.detail || `The server answered ${status}.`);
    Object.assign(this, { code: problem.code || "", field: problem.field || "", status, held: problem.held });
  }
}

/** The link or the session cannot be used any more, or there is none. */
export class Ended extends Error {}

/** Exchange the link's token, if the address has one, for a session. Raise Ended if there is no session. */
export async function openSession() {
  const token = new URLSearchParams(location.hash.slice(1)).get("token");
  if (token !== null) {
    history.replaceState(null, "", location.pathname + location.search);
    forget(); // whatever becomes of the new link: it may be another customer's
    const { value } = await send("session", { method: "POST", body: { token } });
    sessionStorage.setItem(KEY, JSON.stringify({ token: value.token, return_url: value.return_url }));
  }
  if (!stored().token) throw new Ended("This page is opened by a link in the product whose events you want.");
}

/** Return the answer of the API as `{value, etag}`. Raise Refusal; Ended if the session is over. */
export async function ask(path, options = {}) {
  const headers = { ...options.headers, Authorization: `Bearer ${stored().token}` };
  return send(path, { ...options, headers });
}

/** Return where to go back to, or "". Only https: nothing else is a page that a link may lead to. */
export function returnUrl() {
  const url = stored().return_url || "";
  return URL.canParse(url) && new URL(url).protocol === "https:" ? url : "";
}

/** Forget the token; where to go back to stays known. */
export function endSession() {
  sessionStorage.setItem(KEY, JSON.stringify({ return_url: stored().return_url }));
}

export function pathOf(name, operation = "") {
  return `destinations/${encodeURIComponent(name)}${operation && `/${operation}`}`;
}

async function send(path, { method = "GET", body, headers = {} }) {
  const options = { method, headers, cache: "no-store", credentials: "omit" };
  if (body !== undefined) {
    options.body = JSON.stringify(body);
    options.headers = { ...headers, "Content-Type": "application/json" };
  }
  let answer;
  try {
    answer = await fetch(new URL(path, BASE), options);
  } catch {
    throw new Refusal({ detail: "The server could not be reached." }, 0);
  }
  const value = parse(await answer.text());
  if (answer.status === 401) {
    const error = new Ended(value?.detail || "This session has ended.");
    ended(error.message);
    throw error;
  }
  if (!answer.ok) throw new Refusal(value || {}, answer.status);
  return { value, etag: answer.headers.get("ETag") };
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function stored() {
  return parse(sessionStorage.getItem(KEY)) || {};
}

function forget() {
  sessionStorage.removeItem(KEY);
}
