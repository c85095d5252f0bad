/** Asks the server once a second while somebody looks, and shows what it says. */

import { bytes, percent, short, span, whole } from "./format.js";
import { History } from "./history.js";
import { Plot } from "./plot.js";
import { byId, facts, Rows } from "./rows.js";

const EVERY_MS = 1000;
/** A server that has not answered for so long is gone. */
const PATIENCE_MS = 4000;

const base = document.body.dataset.base;
const past = new History();
const rows = new Rows(base);
const plots = plotted().map((plot) => new Plot(plot));
let minutes = 5;
let pointed = null;
let goneSince = null;
let wake = () => {};

/** What is plotted. */
function plotted() {
  const both = (messages, octets) => [
    { key: messages, label: "in", className: "in" },
    { key: octets, label: "out", className: "out" },
  ];
  const one = (key) => [{ key, label: "", className: key }];
  return [
    {
      title: "Messages",
      wide: true,
      lines: both("inMsgs", "outMsgs"),
      format: (value) => `${short(value)}/s`,
      atLeast: 10,
    },
    {
      title: "Bytes",
      wide: true,
      lines: both("inBytes", "outBytes"),
      format: (value) => `${bytes(value)}/s`,
      atLeast: 1000,
    },
    {
      title: "Connections",
      lines: one("connections"),
      format: whole,
      atLeast: 4,
    },
    {
      title: "Slow consumers",
      lines: one("slowConsumers"),
      format: whole,
      atLeast: 4,
    },
    { title: "Routes", lines: one("routes"), format: whole, atLeast: 4 },
    { title: "CPU", lines: one("cpu"), format: percent, atLeast: 10 },
  ];
}

const FACTS = [
  [
    "Clients connect to",
    ({ host, port }) => `${host.includes(":") ? `[${host}]` : host}:${port}`,
  ],
  ["Started", ({ start }) => day(start)],
  ["Version", ({ version, go }) => `${version}, ${go}`],
  ["Memory", ({ mem }) => bytes(mem)],
  ["CPU", ({ cpu, cores }) => `${percent(cpu)}, ${cores} cores`],
  ["Connections so far", (varz) => whole(varz.total_connections)],
  ["Subscriptions", ({ subscriptions }) => whole(subscriptions)],
  [
    "Messages in, out",
    (varz) => `${short(varz.in_msgs)}, ${short(varz.out_msgs)}`,
  ],
  [
    "Bytes in, out",
    (varz) => `${bytes(varz.in_bytes)}, ${bytes(varz.out_bytes)}`,
  ],
  ["Largest message", (varz) => `${whole(varz.max_payload)} B`],
  [
    "Cluster",
    ({ cluster, remotes }) =>
      cluster?.name ? `${cluster.name}, ${remotes + 1} servers` : "none",
  ],
  ["Clients need", security],
  ["Server id", (varz) => varz.server_id],
];

function day(time) {
  return new Date(time).toLocaleString(undefined, {
    day: "numeric",
    month: "short",
    hour: "numeric",
    minute: "2-digit",
  });
}

function security(varz) {
  const needs = [
    varz.tls_required && (varz.tls_verify ? "TLS, a certificate" : "TLS"),
    varz.auth_required && "to log in",
  ];
  return needs.filter(Boolean).join(", ") || "nothing";
}

/** The JSON at `path`; rejects with what to tell if there is none. */
async function ask(path) {
  const signal = AbortSignal.timeout(PATIENCE_MS);
  const response = await fetch(base + path, { cache: "no-store", signal });
  if (!response.ok) {
    throw new Error(`The server answered ${response.status} to ${path}`);
  }
  return await response.json();
}

async function poll() {
  const { path, take } = rows.query();
  const [varz, table] = await Promise.allSettled([ask("varz"), ask(path)]);
  if (varz.status === "rejected") return gone(varz.reason);
  there(varz.value);
  if (table.status === "fulfilled") take(table.value);
  else rows.refused(table.reason.message);
}

function there(varz) {
  if (past.points.length === 0) past.restore(varz.server_id, Date.now());
  goneSince = null;
  past.add(varz, Date.now());
  facts(byId("facts"), FACTS, varz);
  byId("name").textContent = varz.server_name;
  byId("summary").textContent = `${whole(varz.connections)} connected · up ${
    span(varz.uptime)
  }`;
  document.title = `${varz.server_name} – midge`;
  state("live", "");
}

function gone(reason) {
  goneSince ??= new Date();
  past.gap(Date.now());
  const why = reason.message.startsWith("The server answered")
    ? ` (${reason.message})`
    : "";
  state(
    "gone",
    `No answer from the server since ${goneSince.toLocaleTimeString()}${why}. Asking again every second; figures are the last known.`,
  );
  document.title = "gone – midge";
}

function state(word, banner) {
  document.body.dataset.state = word;
  if (byId("status").textContent !== word) byId("status").textContent = word;
  if (byId("banner").textContent !== banner) {
    byId("banner").textContent = banner;
  }
  byId("banner").hidden = banner === "";
}

function draw() {
  const to = Date.now();
  for (const plot of plots) {
    plot.draw(past.points, to - minutes * 60_000, to, pointed);
  }
}

/** Waits for the next second, a click, or somebody to look again. */
async function pause(ms) {
  const { promise, resolve } = Promise.withResolvers();
  wake = resolve;
  if (!document.hidden) setTimeout(resolve, ms);
  await promise;
}

function offerSpans() {
  for (const choice of [1, 5, 15]) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = `${choice} min`;
    button.ariaPressed = String(choice === minutes);
    button.addEventListener("click", () => {
      minutes = choice;
      for (const other of byId("spans").children) {
        other.ariaPressed = String(other === button);
      }
      draw();
    });
    byId("spans").append(button);
  }
}

/** The scheme of the system, unless somebody chose another. */
function offerThemes() {
  const root = document.documentElement;
  const dark = matchMedia("(prefers-color-scheme: dark)");
  try {
    root.dataset.theme = localStorage.getItem("midge theme") ?? "";
  } catch {
    // Storage is off: the system's scheme will do.
  }
  byId("theme").addEventListener("click", () => {
    const now = root.dataset.theme || (dark.matches ? "dark" : "light");
    const next = now === "dark" ? "light" : "dark";
    const chosen = (next === "dark") === dark.matches ? "" : next;
    root.dataset.theme = chosen;
    try {
      localStorage.setItem("midge theme", chosen);
    } catch {
      // The choice lasts as long as the page.
    }
  });
}

offerThemes();
offerSpans();
byId("plots").append(...plots.map(({ element }) => element));
for (const plot of plots) {
  plot.onPoint = (at) => {
    pointed = at;
    draw();
  };
}
rows.onChange = () => wake();
document.addEventListener("visibilitychange", () => document.hidden || wake());
addEventListener("pagehide", () => past.store());
for (;;) {
  const started = performance.now();
  if (!document.hidden) await poll();
  draw();
  await pause(Math.max(0, EVERY_MS - (performance.now() - started)));
}
