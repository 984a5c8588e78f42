// Asking again while something is pending: soon at first, then less and less often, and not in a hidden tab.

const SOONEST = 2000, LATEST = 30_000, SLOWER = 1.5;

/** Return a function that asks at once. `refresh()` is awaited; it returns whether something is pending. */
export function keepFresh(refresh) {
  let timer, wait = SOONEST, last = Promise.resolve();
  const run = async () => {
    clearTimeout(timer);
    if (document.hidden) return;
    if (await refresh()) timer = setTimeout(next, wait);
    wait = Math.min(wait * SLOWER, LATEST);
  };
  // One after the other: an answer that was on its way before a change would show what was before it.
  const next = () => {
    last = last.then(run);
    return last;
  };
  const soon = () => {
    wait = SOONEST;
    return next();
  };
  document.addEventListener("visibilitychange", () => { if (!document.hidden) soon(); });
  return soon;
}
