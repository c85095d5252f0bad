import assert from "node:assert/strict";
import { servePage } from "../../src/monitor/page.ts";

async function pageAt(path: string): Promise<[html: string, Headers]> {
  const response = await servePage(new URL(path, "http://127.0.0.1:8222"));
  return [await response.text(), response.headers];
}

function between(text: string, start: string, end: string): string {
  const from = text.indexOf(start) + start.length;
  return text.slice(from, text.indexOf(end, from));
}

async function sha256(text: string): Promise<string> {
  const bytes = new TextEncoder().encode(text);
  const hash = await crypto.subtle.digest("SHA-256", bytes);
  return `'sha256-${new Uint8Array(hash).toBase64()}'`;
}

Deno.test("servePage() lets its own script and style through, and nothing else", async () => {
  const [html, headers] = await pageAt("/");
  const policy = headers.get("content-security-policy") ?? "";
  const script = between(html, '<script type="module">', "</script>");
  const style = between(html, "<style>", "</style>");
  assert(policy.includes("default-src 'none'"));
  assert(policy.includes(`script-src ${await sha256(script)};`));
  assert(policy.includes(`style-src ${await sha256(style)};`));
  assert.equal(headers.get("content-type"), "text/html; charset=utf-8");
  assert.equal(html.split("<script").length, 2);
});

Deno.test("servePage() names no other host", async () => {
  const [html] = await pageAt("/");
  const addresses = html.match(/https?:\/\/[\w.]+/g) ?? [];
  assert.deepEqual([...new Set(addresses)], ["http://www.w3.org"]); // SVG's name
});

Deno.test("servePage() makes one script of modules", async () => {
  const [html] = await pageAt("/");
  const script = between(html, '<script type="module">', "</script>");
  assert(!/^(import|export) /m.test(script));
  const url = `data:text/javascript,${
    encodeURIComponent(`await 0; () => {${script.replace(/\bawait\b/g, "")}}`)
  }`;
  await import(url); // A name declared twice would be a SyntaxError.
});

Deno.test("servePage() links to what the official page links to, from anywhere", async (t) => {
  const places = [
    ["/", "/varz"],
    ["/nats", "/nats/varz"],
    ["/mon/nats", "/mon/nats/varz"],
    ["/a%20b/c'd", "/a%20b/c'd/varz"],
  ];
  for (const [at, varz] of places) {
    await t.step(at, async () => {
      const [html] = await pageAt(at);
      const links = [...html.matchAll(/<a href="([^"]+)">/g)].map(([, href]) =>
        new URL(href.replaceAll("&#39;", "'"), `http://x${at}`).pathname
      );
      assert.equal(links[0], varz);
      assert.deepEqual(links.map((link) => link.split("/").at(-1)), [
        "varz",
        "jsz",
        "connz",
        "accountz",
        "accstatz",
        "subsz",
        "routez",
        "leafz",
        "gatewayz",
        "healthz",
        "metrics",
      ]);
    });
  }
});

Deno.test("servePage() cannot be talked into markup by a path", async () => {
  const [plain] = await pageAt("/");
  const response = await servePage({ pathname: `/"><script>` } as URL);
  const html = await response.text();
  assert.equal(html.split("<script").length, plain.split("<script").length);
  assert(html.includes("&#34;&#62;&#60;script&#62;"));
});
