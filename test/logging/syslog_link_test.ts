import assert from "node:assert/strict";
import { SyslogLink } from "../../src/logging/syslog_link.ts";
import type { SyslogSocket } from "../../src/logging/syslog_socket.ts";

/** Sockets that fail when told to, and everything sent over them. */
class Wire {
  readonly sent: string[] = [];
  readonly said: string[] = [];
  dials = 0;
  /** Called before each packet goes out. */
  beforeSend: (packet: string) => void | Promise<void> = () => {};

  constructor(readonly stream: boolean) {}

  open(maxQueued = 1000): Promise<SyslogLink> {
    return SyslogLink.open({
      dial: () => Promise.resolve(this.#dial()),
      packet: (level, text) => `${level} ${text}\n`,
      name: "x",
      complain: (level, text) => this.said.push(`${level} ${text}`),
      retryMs: 1,
      maxQueued,
    });
  }

  #dial(): SyslogSocket {
    this.dials++;
    return {
      stream: this.stream,
      ended: new Promise(() => {}),
      send: async (packet) => {
        const text = new TextDecoder().decode(packet);
        await this.beforeSend(text);
        this.sent.push(text);
      },
      close() {},
    };
  }
}

Deno.test("SyslogLink.send() makes one packet of each line for datagrams, few for a stream", async () => {
  for (const [stream, packets] of [[false, 3], [true, 1]] as const) {
    const wire = new Wire(stream);
    const link = await wire.open();
    for (const line of ["a\n", "b\n", "c\n"]) link.send(line);
    await link.close();
    assert.equal(wire.sent.length, packets);
    assert.equal(wire.sent.join(""), "a\nb\nc\n");
  }
});

Deno.test("SyslogLink sends again what a broken stream had not taken", async () => {
  const wire = new Wire(true);
  let failures = 3;
  wire.beforeSend = () => {
    if (failures-- > 0) throw new Error("broken");
  };
  const link = await wire.open();
  const again = Promise.withResolvers<void>();
  link.send("a\n");
  wire.beforeSend = ((before) => (packet) => {
    before(packet);
    if (packet.startsWith("WRN")) again.resolve();
  })(wire.beforeSend);
  await again.promise;
  await link.close();
  assert.equal(wire.dials, 4);
  assert.equal(wire.sent[0], "a\n");
  assert.equal(wire.said[0], "ERR Lost syslog x: broken; trying again");
  assert.equal(
    wire.said.at(-1),
    "WRN Connected to syslog x again, lines lost: 0",
  );
});

Deno.test("SyslogLink gives up a datagram that fails twice, not those behind it", async () => {
  const wire = new Wire(false);
  const done = Promise.withResolvers<void>();
  wire.beforeSend = (packet) => {
    if (packet === "bad\n") throw new Error("will not go");
    if (packet === "good\n") done.resolve();
  };
  const link = await wire.open();
  link.send("bad\n");
  link.send("good\n");
  await done.promise;
  await link.close();
  assert(wire.sent.includes("good\n"));
  assert(wire.said.includes("WRN Connected to syslog x again, lines lost: 1"));
});

Deno.test("SyslogLink says how much a slow daemon has missed once it has caught up", async () => {
  const wire = new Wire(false);
  const gate = Promise.withResolvers<void>();
  const blocked = Promise.withResolvers<void>();
  wire.beforeSend = () => {
    blocked.resolve();
    return gate.promise;
  };
  const link = await wire.open(20);
  link.send("first\n");
  await blocked.promise;
  for (let i = 0; i < 10; i++) link.send(`line ${i}\n`);
  gate.resolve();
  await link.close();
  assert.deepEqual(wire.sent, [
    "first\n",
    "line 8\n",
    "line 9\n",
    "WRN Syslog is slower than the log, lines lost: 8\n",
  ]);
  assert.deepEqual(wire.said, []);
});
