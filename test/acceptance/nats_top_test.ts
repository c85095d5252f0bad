/** The real nats-top, unmodified, against midge: every view that it has. */

import assert from "node:assert/strict";
import type { MonitoredServer } from "../support/monitored.ts";
import { MIDGE } from "../support/monitored.ts";
import {
  FIGURES,
  ORDERS,
  Population,
  subjectsOf,
} from "../support/population.ts";
import { TestServer } from "../support/server.ts";
import { hasTerminal, TestTerminal } from "../support/terminal.ts";
import { certFile, SERVER_TLS } from "../support/tls.ts";
import { tool } from "../support/tools.ts";

const NATS_TOP = tool("NATS_TOP", "nats-top", "-v");
const path = NATS_TOP ?? "";

/** Runs it for one snapshot. */
async function snapshot(...args: string[]): Promise<string> {
  const output = await new Deno.Command(path, { args }).output();
  const decoder = new TextDecoder();
  assert.equal(decoder.decode(output.stderr), "");
  assert.equal(output.code, 0);
  return decoder.decode(output.stdout);
}

/** Names in the table, in order. */
function namesOn(text: string): string[] {
  return [...text.matchAll(/^ {2}\S+ +\d+ +([a-z]+) /gm)].map(([, one]) => one);
}

/** Figures of a row behind HOST, CID and NAME, as raw bytes. */
function rowOf(text: string, name: string): string[] {
  const row = text.split("\n").find((line) => line.includes(` ${name} `));
  assert(row !== undefined, `no ${name} in:\n${text}`);
  return row.trim().split(/ +/).slice(3);
}

Deno.test({
  name: "nats-top -o - shows midge's figures",
  ignore: NATS_TOP === null,
  async fn(t) {
    await using server = await MIDGE.start();
    await using _population = await Population.settle(server.port);
    const monitor = ["-m", String(server.monitorPort), "-o", "-"];

    await t.step("of the server", async () => {
      const varz = await (await fetch(
        `http://127.0.0.1:${server.monitorPort}/varz`,
      )).json();
      const text = await snapshot(...monitor);
      assert.match(
        text,
        new RegExp(
          `^NATS server version ${varz.version} \\(uptime: \\d+s\\) $`,
          "m",
        ),
      );
      assert(text.includes(`  ID:   ${varz.server_id}\n`));
      assert.match(
        text,
        /^ {2}Load: CPU: {2}\d+\.\d% {2}Memory: \d+\.\dM {2}Slow Consumers: 0$/m,
      );
      assert.match(text, /^ {2}In: {3}Msgs: 8 {2}Bytes: 490 /m);
      assert.match(text, /^ {2}Out: {2}Msgs: 14 {2}Bytes: 940 /m);
      assert.match(text, /^Connections Polled: 4$/m);
    });
    await t.step("of each connection", async () => {
      const text = await snapshot(...monitor, "-b");
      for (const [name, figures] of Object.entries(FIGURES)) {
        const [subs, pending, toMsgs, fromMsgs, toBytes, fromBytes, ...rest] =
          rowOf(text, name);
        const [lang, version, uptime, ...lastActivity] = rest;
        assert.deepEqual({
          lang,
          version,
          subscriptions: Number(subs),
          in_msgs: Number(fromMsgs),
          in_bytes: Number(fromBytes),
          out_msgs: Number(toMsgs),
          out_bytes: Number(toBytes),
        }, figures);
        assert.equal(pending, "0");
        assert.match(uptime, /^\d+s$/);
        assert.match(lastActivity.join(" "), /^\d{4}-.* \+0000 UTC$/);
      }
    });
    for (const [sort, names] of Object.entries(ORDERS)) {
      await t.step(`by ${sort}`, async () => {
        const text = await snapshot(...monitor, "-sort", sort);
        assert.deepEqual(namesOn(text), names);
      });
    }
    for (const sort of ["pending", "last", "idle", "rtt"]) {
      await t.step(`by ${sort}`, async () => {
        const text = await snapshot(...monitor, "-sort", sort);
        assert.deepEqual(namesOn(text).sort(), ORDERS.cid);
      });
    }
    for (const sort of ["stop", "reason"]) {
      await t.step(
        `not by ${sort}, which it shows as midge's word`,
        async () => {
          const text = await snapshot(...monitor, "-sort", sort);
          const word = `"sort by ${sort} only valid on closed connections"`;
          assert(text.includes(`stats request failed 400: ${word}`));
        },
      );
    }
    await t.step("the one with the most subscriptions", async () => {
      const text = await snapshot(...monitor, "-n", "1", "-sort", "subs");
      assert.match(text, /^Connections Polled: 1$/m);
      assert.deepEqual(namesOn(text), ["delta"]);
    });
    await t.step(
      "with names of hosts and subjects, between commas",
      async () => {
        const text = await snapshot(...monitor, "-lookup", "-u", "-l", ",");
        const rows = text.split("\n").slice(8, -1).map((row) => row.split(","));
        for (const [host, , name, ...rest] of rows) {
          assert.equal(host, "localhost");
          const subjects = (rest.at(-1) ?? "").split("  ").filter(Boolean);
          assert.deepEqual(subjects.sort(), subjectsOf(name));
        }
        assert.equal(rows.length, 4);
      },
    );
    await t.step("in a file", async () => {
      const file = await Deno.makeTempFile();
      const [flag, port] = monitor;
      assert.equal(await snapshot(flag, port, "-o", file), "");
      assert.deepEqual(namesOn(await Deno.readTextFile(file)), ORDERS.cid);
      await Deno.remove(file);
    });
  },
});

Deno.test({
  name: "nats-top reads midge's monitoring over HTTPS",
  ignore: NATS_TOP === null,
  async fn() {
    await using server = await TestServer.listening({
      monitor: { httpsPort: -1 },
      tls: SERVER_TLS,
    });
    const { port } = new URL(server.server.monitorURL() ?? "");
    for (const trust of [["-k"], ["-cacert", certFile("ca.pem")]]) {
      const text = await snapshot(
        "-s",
        "localhost",
        "-ms",
        port,
        ...trust,
        "-o",
        "-",
      );
      assert.match(text, /^Connections Polled: 0$/m);
    }
  },
});

/** nats-top takes keys in no sure order unless each has been seen. */
async function answer(
  terminal: TestTerminal,
  key: string,
  prompt: RegExp,
  text: string,
): Promise<void> {
  await terminal.type(key);
  await terminal.until(prompt);
  for (let end = 1; end <= text.length; end++) {
    await terminal.type(text[end - 1]);
    const typed = text.slice(0, end);
    await terminal.until(new RegExp(`${prompt.source} ${typed} *$`, "m"));
  }
  await terminal.press("Enter");
}

/** Opens its screen on a server with traffic. */
async function open(
  terminal: TestTerminal,
  server: MonitoredServer,
): Promise<void> {
  const command = [path, "-m", String(server.monitorPort)];
  await terminal.run(command, "; echo ended with $?");
  await terminal.until(/^Connections Polled: [1-9]/m);
}

Deno.test({
  name: "nats-top's screen shows midge at work",
  ignore: NATS_TOP === null || !hasTerminal(),
  async fn(t) {
    await using server = await MIDGE.start();
    await using population = await Population.settle(server.port);
    await using _busy = await population.busy(server.port, "busy");
    await using terminal = await TestTerminal.open();
    await open(terminal, server);
    const order = (...names: string[]) =>
      terminal.until((text) => String(namesOn(text)) === String(names));

    await t.step("rows with names, and rates", async () => {
      await order(...ORDERS.cid, "busy");
      await terminal.until(
        /^ {2}In: .* Msgs\/Sec: [1-9]\d*\.\d {2}Bytes\/Sec: [1-9]/m,
      );
      assert.match(
        await terminal.screen(),
        /^ {2}HOST +CID +NAME +SUBS +PENDING /m,
      );
    });
    await t.step("o sorts", async () => {
      const prompt = /sort by \[\w+\]:/;
      await answer(terminal, "o", prompt, "subs");
      await terminal.until((text) => namesOn(text)[0] === "delta");
      await answer(terminal, "o", prompt, "msgs_from");
      await order("busy", ...ORDERS.msgs_from);
    });
    await t.step("space shows rates of connections", async () => {
      await terminal.press("Space");
      await terminal.until((text) => {
        const [, , toMsgs, fromMsgs] = rowOf(text, "busy");
        return toMsgs === "0" && Number(fromMsgs) > 0 &&
          rowOf(text, "alpha")[3] === "0";
      });
      await terminal.press("Space");
    });
    await t.step("s shows subjects", async () => {
      await terminal.press("s");
      await terminal.until(/ load\.\*, quiet\.c, quiet\.d/);
      await terminal.press("s");
      await terminal.until((text) => !text.includes("SUBSCRIPTIONS"));
    });
    await t.step("n limits", async () => {
      await answer(terminal, "n", /limit {3}\[\d+\]:/, "2");
      await terminal.until(/^Connections Polled: 2$/m);
      await order("busy", "alpha");
    });
    await t.step("q quits", async () => {
      await terminal.press("q");
      await terminal.until(/^ended with 0$/m);
    });
  },
});
