// The last ten minutes, in steps of five seconds.
import { $, el, svg } from "./dom.js";

const BUCKET = 5;
const SPAN = 600;
const CHARTS = [
  ["received", "Received"], ["accepted", "Accepted"], ["queued", "Queued"], ["dead_lettered", "Dead-lettered"], ["latency", "Latency, ms"],
];
const chart = new Map();

export function take(buckets, afresh = false) {
  if (afresh) chart.clear();
  for (const bucket of buckets) chart.set(bucket.at, bucket);
  while (chart.size > SPAN / BUCKET + 2) chart.delete(chart.keys().next().value);
  draw();
}

function draw() {
  const end = Math.floor(Date.now() / 1000 / BUCKET) * BUCKET;
  $("charts").replaceChildren(...CHARTS.map(([name, title]) => {
    const values = [];
    for (let at = end - SPAN + BUCKET; at <= end; at += BUCKET) values.push((chart.get(at) || {})[name] || 0);
    const most = Math.max(1, ...values);
    const points = values.map((value, index) => `${index},${(28 - (value / most) * 26).toFixed(1)}`);
    const drawn = svg("svg", { viewBox: `0 0 ${values.length - 1} 30`, preserveAspectRatio: "none", "aria-hidden": "true" });
    drawn.append(svg("path", { d: `M0,30 L${points.join(" L")} L${values.length - 1},30 Z` }));
    const total = name === "latency" ? values.findLast((value) => value) || 0 : values.reduce((sum, value) => sum + value, 0);
    return el("figure", { id: `chart-${name}` }, el("figcaption", {}, el("span", { textContent: title }), el("b", { textContent: total })), drawn);
  }));
}

export function start() {
  setInterval(draw, 1000 * BUCKET);
  draw();
}
