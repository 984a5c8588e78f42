// Times, in words. `iso` is an ISO 8601 text or null.

const MOMENT = new Intl.DateTimeFormat("en-GB", {
  year: "numeric", month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", timeZoneName: "short",
});
const UNITS = [["day", 86400], ["hour", 3600], ["minute", 60]];

/** Return `26 Nov 2026, 07:10 UTC`, in the reader's time zone. */
export function moment(iso) {
  return MOMENT.format(new Date(iso));
}

/** Return how long a number of seconds is, in its two largest units: `6 days 23 hours`. */
export function duration(seconds) {
  let rest = Math.max(0, Math.floor(seconds));
  const parts = [];
  for (const [unit, size] of UNITS) {
    const number = Math.floor(rest / size);
    rest -= number * size;
    if (number) parts.push(`${number} ${unit}${number === 1 ? "" : "s"}`);
    else if (parts.length) break;
  }
  return parts.slice(0, 2).join(" ") || "less than a minute";
}

/** Return `26 Nov 2026, 07:10 UTC (in 6 days 23 hours)`, or `(2 hours ago)`. */
export function momentAndDistance(iso) {
  const seconds = (new Date(iso) - Date.now()) / 1000;
  return `${moment(iso)} (${seconds > 0 ? `in ${duration(seconds)}` : `${duration(-seconds)} ago`})`;
}

export function later(iso, seconds) {
  return new Date(new Date(iso).getTime() + seconds * 1000).toISOString();
}

/** Return a time as an input of the type datetime-local has it, in the reader's time zone. */
export function localInput(date) {
  return new Date(date.getTime() - date.getTimezoneOffset() * 60000).toISOString().slice(0, 16);
}
