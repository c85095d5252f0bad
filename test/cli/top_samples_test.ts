import assert from "node:assert/strict";
import { readingOf, readSample } from "../../src/cli/top_samples.ts";
import { connection, connz, varz } from "../support/top.ts";

Deno.test("readSample() takes what old servers leave out as nothing", () => {
  const { server, connections, total } = readSample(
    { in_msgs: 1, out_msgs: 2, in_bytes: 3, out_bytes: 4 },
    {
      connections: [
        { cid: 7, in_msgs: 0, out_msgs: 0, in_bytes: 0, out_bytes: 0 },
      ],
    },
    0,
  );
  assert.equal(server.outBytes, 4);
  assert.equal(server.version, "");
  assert.equal(connections[0].cid, 7);
  assert.deepEqual(connections[0].subjects, []);
  assert.equal(total, 1);
  assert.equal(readSample(varz(), { connections: null }, 0).total, 0);
});

Deno.test("readSample() refuses what is no server's answer, and says why", () => {
  for (
    const [varzAnswer, connzAnswer, why] of [
      [[], connz(), /\/varz is not a NATS server's: an object is missing/],
      [{}, connz(), /\/varz .*: "in_msgs" is no number/],
      [varz({ version: 2 }), connz(), /\/varz .*: "version" is no text/],
      [varz(), null, /\/connz .*: an object is missing/],
      [varz(), { connections: {} }, /\/connz .*: "connections" is no list/],
      [varz(), connz(7), /\/connz .*: an object is missing/],
      [
        varz(),
        connz(connection(1, { name: 5 })),
        /\/connz .*: "name" is no text/,
      ],
    ] as const
  ) {
    assert.throws(() => readSample(varzAnswer, connzAnswer, 0), {
      name: "AnswerError",
      message: why,
    });
  }
});

Deno.test("readingOf() has rates by the time that passed", () => {
  const before = readSample(varz(), connz(connection(1), connection(2)), 1000);
  const after = readSample(
    varz({ in_msgs: 1500, out_bytes: 30722 }),
    connz(connection(2, { out_msgs: 60, in_bytes: 101 }), connection(3)),
    1500,
  );
  const { rates, connectionRates, seconds } = readingOf(before, after);
  assert.equal(seconds, 0.5);
  assert.deepEqual(rates, {
    inMsgs: 1000,
    outMsgs: 0,
    inBytes: 0,
    outBytes: 4,
  });
  assert.deepEqual([...connectionRates.keys()], [2], "3 was not seen before");
  assert.deepEqual(connectionRates.get(2), {
    inMsgs: 0,
    outMsgs: 80,
    inBytes: 2,
    outBytes: 0,
  });
});

Deno.test("readingOf() has no rates across servers, restarts or no time", () => {
  const before = readSample(varz(), connz(connection(1)), 1000);
  for (
    const [fields, takenMs] of [
      [{ server_id: "NOTHER" }, 2000],
      [{ start: "2026-11-21T02:00:00Z" }, 2000],
      [{}, 1000],
    ] as const
  ) {
    const after = readSample(varz(fields), connz(connection(1)), takenMs);
    const { rates, connectionRates } = readingOf(before, after);
    assert.equal(rates, null);
    assert.equal(connectionRates.size, 0);
  }
  assert.equal(readingOf(null, before).rates, null);
});
