import assert from "node:assert/strict";
import { dialTcp } from "../../src/transport/tcp.ts";
import {
  atLeast,
  OfficialServer,
  officialServers,
} from "../support/official_server.ts";
import { RawClient } from "../support/raw_client.ts";
import { TestServer, TracingLog } from "../support/server.ts";
import type { Transcript } from "./transcripts.ts";
import { TRANSCRIPTS } from "./transcripts.ts";

/** Sends `pieces` one by one and asserts on everything that comes back. */
async function play(
  client: RawClient,
  transcript: Transcript,
  pieces: Iterable<string>,
  out: string,
): Promise<void> {
  await client.info();
  try {
    for (const piece of pieces) await client.send(piece);
    if (!transcript.closes) await client.send("PING\r\n");
  } catch (error) {
    // The server may close while we are still sending what it refuses.
    if (!transcript.closes) throw error;
  }
  const expected = transcript.closes ? out : `${out}PONG\r\n`;
  const got = transcript.closes
    ? await client.closed()
    : await throughPongs(client, expected.split("PONG\r\n").length - 1);
  assert.equal(got.replace(/INFO \{.*?\} \r\n/g, "INFO\r\n"), expected);
  // Make the server forget this client before the next one comes.
  if (transcript.closes) return;
  await client.send("BYE\r\n");
  await client.closed();
}

async function throughPongs(client: RawClient, count: number): Promise<string> {
  let got = "";
  for (let i = 0; i < count; i++) got += await client.through("PONG\r\n");
  return got;
}

function* each(text: string): Generator<string> {
  yield* text;
}

for (const [group, transcripts] of Object.entries(TRANSCRIPTS)) {
  Deno.test(`Server answers as nats-server does: ${group}`, async (t) => {
    await using server = await TestServer.start();
    for (const transcript of transcripts) {
      await t.step(transcript.name, async () => {
        const client = server.connect();
        await play(client, transcript, [transcript.in], transcript.out);
      });
      await t.step(`${transcript.name}, cut at every byte`, async () => {
        const client = server.connect();
        await play(client, transcript, each(transcript.in), transcript.out);
      });
    }
  });

  Deno.test(`Server answers the same while tracing: ${group}`, async (t) => {
    await using server = await TestServer.start({ log: new TracingLog() });
    for (const transcript of transcripts) {
      await t.step(transcript.name, async () => {
        const client = server.connect();
        await play(client, transcript, [transcript.in], transcript.out);
      });
    }
  });
}

Deno.test("Server answers over TCP as in-process", async (t) => {
  await using server = await TestServer.listening();
  for (const transcript of Object.values(TRANSCRIPTS).flat()) {
    await t.step(transcript.name, async () => {
      const client = await server.dial();
      await play(client, transcript, [transcript.in], transcript.out);
    });
  }
});

const binaries = officialServers();
if (binaries.length === 0) {
  // deno-lint-ignore no-console -- Says which check this machine cannot make.
  console.warn("nats-server is not installed: transcripts are not re-checked");
}
for (const binary of binaries) {
  Deno.test(`nats-server ${binary.version} answers as the transcripts say`, async (t) => {
    await using server = await OfficialServer.start(binary);
    for (const transcript of Object.values(TRANSCRIPTS).flat()) {
      await t.step(transcript.name, async () => {
        await using client = new RawClient(
          await dialTcp("127.0.0.1", server.port),
        );
        const out = atLeast(binary, 2, 12)
          ? transcript.out
          : transcript.before212 ?? transcript.out;
        await play(client, transcript, [transcript.in], out);
      });
    }
  });
}
