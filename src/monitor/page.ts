/**
 * The live page at `/`: a document with its style and script inside, put
 * together once from the files in page/. It asks nobody but the endpoints
 * beside it, and its security policy lets it ask nobody else. Reads no figures
 * itself.
 */

import history from "./page/history.js" with { type: "text" };
import format from "./page/format.js" with { type: "text" };
import html from "./page/page.html" with { type: "text" };
import main from "./page/main.js" with { type: "text" };
import plotStyle from "./page/plots.css" with { type: "text" };
import plot from "./page/plot.js" with { type: "text" };
import rows from "./page/rows.js" with { type: "text" };
import style from "./page/style.css" with { type: "text" };
import tableStyle from "./page/tables.css" with { type: "text" };
import table from "./page/table.js" with { type: "text" };
import views from "./page/views.js" with { type: "text" };

/** In an order in which each needs only those before it. */
const MODULES = [format, history, plot, table, views, rows, main];

/** What the official page links to, in its order, and metrics. */
const LINKS = [
  ["varz", "General"],
  ["jsz", "JetStream"],
  ["connz", "Connections"],
  ["accountz", "Accounts"],
  ["accstatz", "Account Stats"],
  ["subsz", "Subscriptions"],
  ["routez", "Routes"],
  ["leafz", "LeafNodes"],
  ["gatewayz", "Gateways"],
  ["healthz", "Health Probe"],
  ["metrics", "Prometheus"],
] as const;

/** Made at the first request: the page but for its links, and its headers. */
let assembled: Promise<Assembled> | undefined;

interface Assembled {
  readonly page: string;
  readonly headers: HeadersInit;
}

/**
 * Answers a request for the page at `url`. Links are relative to that, so that
 * they work behind any `http_base_path` and any proxy.
 */
export async function servePage(url: URL): Promise<Response> {
  assembled ??= assemble();
  const { page, headers } = await assembled;
  const base = escapeHtml(`./${folderBelow(url.pathname)}`);
  const links = LINKS
    .map(([path, text]) => `<a href="${base}${path}">${text}</a>`)
    .join("\n      ");
  const body = page.replace("{{base}}", () => base)
    .replace("<!--links-->", () => links);
  return new Response(body, { headers });
}

async function assemble(): Promise<Assembled> {
  const css = [style, plotStyle, tableStyle].join("\n");
  const script = MODULES.map(inlined).join("\n");
  const policy = [
    "default-src 'none'",
    `script-src '${await fingerprint(script)}'`,
    `style-src '${await fingerprint(css)}'`,
    "connect-src 'self'",
    "img-src data:",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'self'",
  ].join("; ");
  return {
    page: html.replace("<!--style-->", () => `<style>${css}</style>`)
      .replace(
        "<!--script-->",
        () => `<script type="module">${script}</script>`,
      ),
    headers: {
      "content-type": "text/html; charset=utf-8",
      "content-security-policy": policy,
      "x-content-type-options": "nosniff",
      "referrer-policy": "no-referrer",
      "cache-control": "no-cache",
    },
  };
}

/** A module as a part of one script: what others export is in sight anyway. */
function inlined(module: string): string {
  return module.replace(/^import [^;]*;\n/gm, "").replace(/^export /gm, "");
}

/** The source expression that lets exactly `text` through. */
async function fingerprint(text: string): Promise<string> {
  const bytes = new TextEncoder().encode(text);
  const hash = await crypto.subtle.digest("SHA-256", bytes);
  return `sha256-${new Uint8Array(hash).toBase64()}`;
}

/**
 * What endpoints are below, seen from the page: nothing for `/`, `nats/` for
 * `/mon/nats`, whose neighbours' addresses start with `/mon/nats/`.
 */
function folderBelow(pathname: string): string {
  const name = pathname.slice(pathname.lastIndexOf("/") + 1);
  return name === "" ? "" : `${name}/`;
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
}
