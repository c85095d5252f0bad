/** The live page in a real browser, with a server and clients behind it. */

import assert from "node:assert/strict";
import { connect } from "@nats-io/transport-node";
import type { ServerOptions } from "../../src/mod.ts";
import { Browser } from "../support/browser.ts";
import { TestServer } from "../support/server.ts";
import { tool } from "../support/tools.ts";

const program = tool("CHROMIUM", "chromium", "--version");

/** What the page shows of messages in, now: `1.2k/s`. */
const MESSAGES_IN = "document.querySelector('.plot .in dd').textContent";

/** Texts of the second column, the names. */
const NAMES =
  "[...document.querySelectorAll('#table tbody td:nth-child(2)')].map((cell) => cell.textContent)";

const LIVE = "document.body.dataset.state === 'live'";

Deno.test({
  name: "Live page in a browser",
  ignore: program === null,
  async fn(t) {
    await using browser = await Browser.start(program ?? "");
    await browser.resize(1280, 900);
    await t.step("shows figures that move", () => figuresMove(browser));
    await t.step("sorts by the column clicked", () => sorts(browser));
    await t.step("stays short with 600 connections", () => pages(browser));
    await t.step("shows markup in names as text", () => showsText(browser));
    await t.step("works behind a base path", () => basePath(browser));
    await t.step("fits a phone, follows the scheme", () => looks(browser));
    assert.deepEqual(browser.problems, []);
    await t.step(
      "tells when the server is gone, and back",
      () => gone(browser),
    );
  },
});

function start(options: ServerOptions = {}): Promise<TestServer> {
  return TestServer.listening({ monitor: { port: -1 }, ...options });
}

async function open(browser: Browser, server: TestServer): Promise<void> {
  await browser.open(server.server.monitorURL() ?? "");
  await browser.until(LIVE);
}

async function click(browser: Browser, selector: string): Promise<void> {
  await browser.evaluate(
    `document.querySelector(${JSON.stringify(selector)}).click()`,
  );
}

async function client(server: TestServer, name: string, subscriptions = 0) {
  const one = await server.client(
    `CONNECT ${JSON.stringify({ verbose: false, name })}\r\n`,
  );
  for (let i = 1; i <= subscriptions; i++) await one.send(`SUB x ${i}\r\n`);
  await one.quiet();
}

async function figuresMove(browser: Browser): Promise<void> {
  await using server = await start({ serverName: "edge-7" });
  await open(browser, server);
  assert.equal(await browser.evaluate("document.title"), "edge-7 – midge");
  await browser.until(`${MESSAGES_IN} === '0/s'`);
  const nc = await connect({ servers: server.server.clientURL(), name: "ada" });
  const publishing = setInterval(() => nc.publish("news", "hello"), 5);
  await browser.until(`/^[1-9]/.test(${MESSAGES_IN})`);
  await browser.until(`/^[1-9]/.test(
    document.querySelector('#table tbody td:nth-child(5)')?.textContent)`);
  assert.deepEqual(await browser.evaluate(NAMES), ["ada"]);
  const line = "document.querySelector('.line.in').getAttribute('d')";
  await browser.until(`${line}.split('L').length >= 3`);
  const png = await browser.screenshot();
  assert(png.length > 20_000, `a picture of ${png.length} bytes`);
  clearInterval(publishing);
  await browser.until(`${MESSAGES_IN} === '0/s'`);
  await nc.close();
  await browser.until("document.querySelector('#table .empty') !== null");
  const home = `${server.server.monitorURL()}/`;
  for (const url of browser.requested) {
    assert(url.startsWith(home) || /^(about|data):/.test(url), url);
  }
}

async function sorts(browser: Browser): Promise<void> {
  await using server = await start();
  await client(server, "bob", 3);
  await client(server, "cleo", 1);
  await client(server, "ada", 2);
  await open(browser, server);
  const orders: [column: string, names: string[]][] = [
    ["name", ["ada", "bob", "cleo"]],
    ["name", ["cleo", "bob", "ada"]],
    ["subscriptions", ["bob", "ada", "cleo"]],
    ["subscriptions", ["cleo", "ada", "bob"]],
    ["cid", ["bob", "cleo", "ada"]],
  ];
  for (const [column, names] of orders) {
    await click(browser, `th[data-key=${column}] button`);
    await browser.until(`${NAMES}.join() === '${names.join()}'`);
  }
  assert.equal(
    await browser.evaluate(
      "document.querySelector('th[data-key=cid]').ariaSort",
    ),
    "ascending",
  );
}

async function pages(browser: Browser): Promise<void> {
  await using server = await start();
  for (let i = 0; i < 600; i++) server.connect();
  await open(browser, server);
  const text = (id: string) => `document.getElementById('${id}').textContent`;
  await browser.until(
    `${text("note")} === 'sorted among the 512 most recently active of 600'`,
  );
  assert.equal(await browser.evaluate(`${NAMES}.length`), 50);
  const firstId = "document.querySelector('#table tbody a')?.textContent";
  await click(browser, "th[data-key=cid] button");
  await browser.until(`${text("range")} === '1–50 of 600'`);
  await browser.until(`${firstId} === '1'`);
  await click(browser, "[data-go='1']");
  await browser.until(`${firstId} === '51'`);
  await click(browser, "th[data-key=cid] button");
  await browser.until(`${firstId} === '600'`);
}

async function showsText(browser: Browser): Promise<void> {
  const hostile = `<img src=x onerror="hacked=1"><script>hacked=2</script>`;
  await using server = await start();
  await client(server, hostile);
  const connecting = server.connect();
  await connecting.send(`CONNECT {"verbose":false}\r\nSUB ${"<b>"} 1\r\n`);
  await open(browser, server);
  await browser.until(`${NAMES}.includes(${JSON.stringify(hostile)})`);
  await click(browser, "#tab-subscriptions");
  await browser.until(
    "document.querySelector('#table tbody td')?.textContent === '<b>'",
  );
  assert.equal(
    await browser.evaluate(
      "document.querySelectorAll('#table :is(img, script, b)').length + typeof hacked",
    ),
    "0undefined",
  );
}

async function basePath(browser: Browser): Promise<void> {
  await using server = await start({
    monitor: { port: -1, basePath: "mon/nats" },
  });
  const url = server.server.monitorURL() ?? "";
  assert(url.endsWith("/mon/nats"));
  await open(browser, server);
  const links = await browser.evaluate(
    "[...document.querySelectorAll('nav a')].map(({ href }) => href)",
  ) as string[];
  assert(links.includes(`${url}/varz`));
  for (const link of links) {
    const response = await fetch(link);
    assert.equal(response.status, 200, link);
    await response.body?.cancel();
  }
}

async function looks(browser: Browser): Promise<void> {
  await using server = await start();
  await browser.resize(375, 700);
  await browser.prefer("dark");
  await open(browser, server);
  await browser.until("document.querySelectorAll('#facts dd').length > 5");
  assert.equal(
    await browser.evaluate("document.documentElement.scrollWidth"),
    375,
  );
  const dark = "getComputedStyle(document.body).backgroundColor";
  assert.equal(await browser.evaluate(dark), "rgb(15, 20, 19)");
  await click(browser, "#theme");
  assert.equal(await browser.evaluate(dark), "rgb(244, 246, 244)");
  await click(browser, "#theme");
  await browser.prefer("light");
}

async function gone(browser: Browser): Promise<void> {
  const server = await start();
  const port = Number(new URL(server.server.monitorURL() ?? "").port);
  await open(browser, server);
  await server[Symbol.asyncDispose]();
  await browser.until("document.body.dataset.state === 'gone'");
  const banner = "document.getElementById('banner')";
  assert.match(
    await browser.evaluate(`${banner}.innerText`) as string,
    /^No answer from the server since /,
  );
  await using _next = await start({ monitor: { port } });
  await browser.until(`${LIVE} && ${banner}.hidden`);
}
