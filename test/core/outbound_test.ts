import assert from "node:assert/strict";
import { FlushList, Outbound } from "../../src/core/outbound.ts";
import type { OutboundOwner } from "../../src/core/outbound.ts";
import type { Transport } from "../../src/transport/transport.ts";
import { fromLatin1, latin1 } from "../../src/wire/ascii.ts";
import { BufferPool } from "../../src/wire/buffer.ts";
import { FakeClock } from "../support/clock.ts";

/** A transport whose writes end when the test says so. */
class SlowTransport implements Transport {
  readonly remoteAddress = { hostname: "slow", port: 0 };
  written = "";
  /** Writes asked for so far. */
  writes = 0;
  #end: ((count: number) => void) | null = null;
  #fail: ((error: Error) => void) | null = null;
  #size = 0;

  write(source: Uint8Array<ArrayBuffer>): Promise<number> {
    assert.equal(this.#end, null, "one write at a time");
    this.writes++;
    this.#size = source.length;
    const bytes = source;
    return new Promise((resolve, reject) => {
      this.#end = (count) => {
        this.written += latin1(bytes.subarray(0, count));
        resolve(count);
      };
      this.#fail = reject;
    });
  }

  /** Ends the write in flight after `count` bytes, all by default. */
  async take(count: number = this.#size): Promise<void> {
    const end = this.#end;
    this.#end = null;
    end?.(count);
    await settle();
  }

  async fail(): Promise<void> {
    this.#fail?.(new Error("broken"));
    await settle();
  }

  get busy(): boolean {
    return this.#end !== null;
  }

  read(): Promise<null> {
    return Promise.resolve(null);
  }
  closeWrite(): Promise<void> {
    return Promise.resolve();
  }
  close(): void {}
}

/** Lets promises run. */
async function settle(): Promise<void> {
  for (let i = 0; i < 10; i++) await Promise.resolve();
}

function setUp(maxPendingBytes = 64 * 1024 * 1024) {
  const transport = new SlowTransport();
  const clock = new FakeClock();
  const flushes = new FlushList(clock);
  const events: string[] = [];
  const owner: OutboundOwner = {
    pendingExceeded: () => {
      events.push("exceeded");
      outbound.close();
    },
    writeFailed: (error) => events.push((error as Error).message),
  };
  const outbound = new Outbound(
    transport,
    owner,
    new BufferPool(),
    flushes,
    maxPendingBytes,
  );
  return { transport, clock, flushes, events, outbound };
}

Deno.test("Outbound collects what is appended and writes it in one piece", async () => {
  const { transport, flushes, outbound } = setUp();
  outbound.append(fromLatin1("one "));
  outbound.append(fromLatin1("two"));
  assert.equal(transport.writes, 0);
  assert.equal(outbound.pending, 7);
  flushes.flush();
  assert.equal(transport.writes, 1);
  await transport.take();
  assert.equal(transport.written, "one two");
  assert.equal(outbound.pending, 0);
  assert.equal(outbound.writing, false);
});

Deno.test("Outbound gathers during a write and goes on by itself", async () => {
  const { transport, flushes, outbound } = setUp();
  outbound.append(fromLatin1("a"));
  flushes.flush();
  outbound.append(fromLatin1("b"));
  outbound.append(fromLatin1("c"));
  flushes.flush();
  assert.equal(transport.writes, 1);
  await transport.take();
  assert.equal(transport.writes, 2);
  await transport.take();
  assert.equal(transport.written, "abc");
});

Deno.test("Outbound repeats a write that took only some", async () => {
  const { transport, flushes, outbound } = setUp();
  outbound.append(fromLatin1("abcdef"));
  flushes.flush();
  await transport.take(2);
  assert.equal(outbound.pending, 4);
  await transport.take(1);
  await transport.take();
  assert.equal(transport.written, "abcdef");
});

Deno.test("Outbound keeps the order of anything of any size", async () => {
  const { transport, flushes, outbound } = setUp();
  let expected = "";
  for (let i = 0; i < 300; i++) {
    const text = String.fromCharCode(33 + i % 90).repeat((i * 7919) % 30_000);
    outbound.append(fromLatin1(text));
    expected += text;
    if (i % 7 === 0) flushes.flush();
    if (i % 11 === 0) await transport.take();
  }
  outbound.append(fromLatin1("x".repeat(3_000_000)));
  expected += "x".repeat(3_000_000);
  flushes.flush();
  while (transport.busy) await transport.take();
  assert(transport.written === expected);
});

Deno.test("Outbound.reserve() gives room in one piece, up to a segment", () => {
  const { outbound } = setUp();
  assert.equal(outbound.reserve(100), true);
  assert(outbound.segment.capacity - outbound.used >= 100);
  assert.equal(outbound.reserve(200_000), true);
  assert(outbound.segment.capacity - outbound.used >= 200_000);
  assert.equal(outbound.reserve(2_000_000), false);
  outbound.close();
  assert.equal(outbound.reserve(1), false);
});

Deno.test("Outbound reports a peer that falls behind by more than the limit", async () => {
  const { transport, flushes, events, outbound } = setUp(1000);
  outbound.append(fromLatin1("x".repeat(5000)));
  flushes.flush();
  assert.deepEqual(events, [], "one batch may be larger than the limit");
  await transport.take();
  outbound.append(fromLatin1("x".repeat(600)));
  flushes.flush();
  outbound.append(fromLatin1("x".repeat(300)));
  flushes.flush();
  assert.deepEqual(events, []);
  outbound.append(fromLatin1("x".repeat(300)));
  flushes.flush();
  assert.deepEqual(events, ["exceeded"]);
  assert.equal(outbound.closed, true);
});

Deno.test("Outbound does not wait for the batch to end when far behind", () => {
  const { flushes, events, outbound } = setUp(1000);
  outbound.append(fromLatin1("x"));
  flushes.flush();
  for (let i = 0; i < 1000 && events.length === 0; i++) {
    outbound.append(fromLatin1("x".repeat(10_000)));
  }
  assert.deepEqual(events, ["exceeded"]);
});

Deno.test("Outbound reports a failed write, unless it was closed", async () => {
  const one = setUp();
  one.outbound.append(fromLatin1("x"));
  one.flushes.flush();
  await one.transport.fail();
  assert.deepEqual(one.events, ["broken"]);

  const other = setUp();
  other.outbound.append(fromLatin1("x"));
  other.flushes.flush();
  other.outbound.close();
  await other.transport.fail();
  assert.deepEqual(other.events, []);
});

Deno.test("Outbound.close() drops what waits and takes no more", async () => {
  const { transport, flushes, outbound } = setUp();
  outbound.append(fromLatin1("going"));
  flushes.flush();
  outbound.append(fromLatin1("waiting"));
  outbound.close();
  outbound.append(fromLatin1("late"));
  flushes.flush();
  await transport.take();
  assert.equal(transport.written, "going");
  assert.equal(transport.writes, 1);
});

Deno.test("FlushList.flush() holds a publisher while somebody catches up", async () => {
  const { transport, clock, flushes, outbound } = setUp();
  outbound.append(fromLatin1("x".repeat(100)));
  assert.equal(flushes.flush(), null);
  outbound.append(fromLatin1("x".repeat(2_000_000)));
  const hold = flushes.flush();
  assert.notEqual(hold, null);
  let held = true;
  hold?.then(() => held = false);
  await settle();
  assert.equal(held, true);
  while (transport.busy && held) await transport.take();
  assert.equal(held, false);
  assert(outbound.pending > 0, "halfway is enough");
  assert.equal(clock.pending, 0, "its timer is gone");
});

Deno.test("FlushList.flush() holds for ten milliseconds at most, and not again in vain", async () => {
  const { transport, clock, flushes, outbound } = setUp();
  outbound.append(fromLatin1("x"));
  flushes.flush();
  outbound.append(fromLatin1("x".repeat(2_000_000)));
  const hold = flushes.flush();
  clock.advance(10);
  await hold;
  outbound.append(fromLatin1("x"));
  assert.equal(flushes.flush(), null, "nothing went out: holding is no use");
  await transport.take();
  outbound.append(fromLatin1("x"));
  assert.notEqual(flushes.flush(), null, "it moves again");
  clock.advance(10);
});

Deno.test("FlushList.flush() always holds near the limit", async () => {
  const { clock, flushes, outbound } = setUp(4_000_000);
  outbound.append(fromLatin1("x"));
  flushes.flush();
  outbound.append(fromLatin1("x".repeat(3_500_000)));
  for (let i = 0; i < 3; i++) {
    const hold = flushes.flush();
    assert.notEqual(hold, null);
    clock.advance(10);
    await hold;
    outbound.append(fromLatin1("x"));
  }
});
