import assert from "node:assert/strict";
import { latin1 } from "../../src/wire/ascii.ts";
import { HEADERS, QUIET } from "../support/raw_client.ts";
import { TestServer, TracingLog } from "../support/server.ts";

const BLOCK = "NATS/1.0\r\nA: b\r\n\r\n";

Deno.test("Client is told in INFO what it needs to know", async () => {
  await using server = await TestServer.listening({ serverName: "edge-1" });
  const info = await (await server.dial()).info();
  assert.match(String(info.server_id), /^N[A-Z2-7]{55}$/);
  assert.deepEqual(info, {
    server_id: server.server.id,
    server_name: "edge-1",
    version: "2.12.0",
    proto: 1,
    go: `deno${Deno.version.deno}`,
    host: "127.0.0.1",
    port: server.server.port,
    headers: true,
    max_payload: 1048576,
    client_id: 1,
    client_ip: "127.0.0.1",
    api_lvl: 2,
  });
});

Deno.test("Client gets the INFO that answers CONNECT in one write with its first PONG", async () => {
  await using server = await TestServer.start();
  const transport = server.server.inProcessConn();
  const chunk = new Uint8Array(65536);
  const read = async () =>
    latin1(chunk.subarray(0, (await transport.read(chunk)) ?? 0));
  await read();
  await transport.write(
    new TextEncoder().encode('CONNECT {"verbose":false,"protocol":1}\r\n'),
  );
  await transport.write(new TextEncoder().encode("PING\r\n"));
  const answer = await read();
  assert.match(answer, /^PONG\r\nINFO \{.*\} \r\n$/);
  const info = JSON.parse(answer.slice("PONG\r\nINFO ".length));
  assert.equal(info.connect_info, true);
  assert.equal(info.remote_account, "$G");
  assert.equal(info.max_payload, 1048576);
  transport.close();
});

Deno.test("Client without headers gets the payload alone", async () => {
  await using server = await TestServer.start();
  const plain = await server.client(QUIET);
  const modern = await server.client(HEADERS);
  await plain.send("SUB foo 1\r\nPING\r\n");
  await plain.expect("PONG\r\n");
  const size = BLOCK.length + 5;
  await modern.send(
    `SUB foo 2\r\nHPUB foo ${BLOCK.length} ${size}\r\n${BLOCK}hello\r\nHPUB foo re.ply ${BLOCK.length} ${BLOCK.length}\r\n${BLOCK}\r\n`,
  );
  await plain.expect("MSG foo 1 5\r\nhello\r\nMSG foo 1 re.ply 0\r\n\r\n");
  await modern.expect(
    `HMSG foo 2 ${BLOCK.length} ${size}\r\n${BLOCK}hello\r\nHMSG foo 2 re.ply ${BLOCK.length} ${BLOCK.length}\r\n${BLOCK}\r\n`,
  );
  await modern.quiet();
  const { traffic } = server.server;
  assert.equal(traffic.inMsgs, 2);
  assert.equal(traffic.inBytes, size + BLOCK.length);
  assert.equal(traffic.outMsgs, 4);
  assert.equal(traffic.outBytes, 5 + 0 + size + BLOCK.length);
});

Deno.test("Client cannot use headers where the server refuses them", async () => {
  await using server = await TestServer.start({ noHeaderSupport: true });
  const client = server.connect();
  assert.equal((await client.info()).headers, false);
  await client.send(
    'CONNECT {"verbose":false,"headers":true}\r\nHPUB foo 0 0\r\n\r\n',
  );
  await client.expectClosed("");
  const other = server.connect();
  await other.info();
  await other.send(HEADERS);
  await other.expectClosed("-ERR 'no responders requires headers support'\r\n");
});

Deno.test("Client sees messages of others, in order and once", async () => {
  await using server = await TestServer.start();
  const subscriber = await server.client();
  await subscriber.send("SUB foo.* 9\r\nSUB foo.> 10\r\n");
  await subscriber.quiet();
  const publisher = await server.client();
  let expected = "";
  for (let i = 0; i < 1000; i++) {
    await publisher.send(`PUB foo.${i % 7} ${String(i).length}\r\n${i}\r\n`);
    for (const sid of [10, 9]) {
      expected += `MSG foo.${i % 7} ${sid} ${String(i).length}\r\n${i}\r\n`;
    }
  }
  await subscriber.expect(expected);
  await subscriber.quiet();
});

Deno.test("Queue group members share messages evenly, whatever subject they used", async () => {
  await using server = await TestServer.start();
  const members = [];
  for (const subject of ["q.x", "q.*", "q.>"]) {
    const member = await server.client();
    await member.send(`SUB ${subject} group 1\r\n`);
    await member.quiet();
    members.push(member);
  }
  const publisher = await server.client();
  await publisher.send("PUB q.x 1\r\nx\r\n".repeat(3000));
  await publisher.quiet();
  const counts = [];
  for (const member of members) {
    await member.send("PING\r\n");
    counts.push((await member.through("PONG\r\n")).split("MSG").length - 1);
  }
  assert.equal(counts.reduce((a, b) => a + b), 3000);
  for (const count of counts) {
    assert(count > 850 && count < 1150, `uneven: ${counts}`);
  }
});

Deno.test("Queue group skips the publisher that does not want its own messages", async () => {
  await using server = await TestServer.start();
  const other = await server.client();
  await other.send("SUB q group 1\r\n");
  await other.quiet();
  const publisher = await server.client(
    'CONNECT {"verbose":false,"pedantic":false,"echo":false}\r\n',
  );
  await publisher.send(`SUB q group 2\r\n${"PUB q 1\r\nx\r\n".repeat(100)}`);
  await publisher.quiet();
  await other.expect("MSG q 1 1\r\nx\r\n".repeat(100));
});

Deno.test("A second CONNECT can switch echo on for subscriptions made before", async () => {
  await using server = await TestServer.start();
  const client = await server.client(
    'CONNECT {"verbose":false,"pedantic":false,"echo":false}\r\n',
  );
  await client.send("SUB foo 1\r\nPUB foo 1\r\nx\r\n");
  await client.quiet();
  await client.send('CONNECT {"echo":true}\r\nPUB foo 1\r\ny\r\n');
  await client.expect("MSG foo 1 1\r\ny\r\n");
});

Deno.test("Client may hold maxSubscriptions and is refused one more, even one it has", async () => {
  await using server = await TestServer.start({ maxSubscriptions: 2 });
  const client = await server.client();
  await client.send("SUB a 1\r\nSUB b 2\r\nSUB c 3\r\nSUB a 1\r\n");
  await client.expect("-ERR 'maximum subscriptions exceeded'\r\n".repeat(2));
  await client.send("UNSUB 1\r\nSUB c 3\r\nPUB c 1\r\nx\r\n");
  await client.expect("MSG c 3 1\r\nx\r\n");
});

Deno.test("Client is refused a subject of more tokens than maxSubTokens", async () => {
  await using server = await TestServer.start({ maxSubTokens: 3 });
  const client = await server.client();
  await client.send("SUB a.b.c.d 1\r\nSUB a.b.c 2\r\nPUB a.b.c 1\r\nx\r\n");
  await client.expect(
    `-ERR 'Permissions Violation for Subscription to "a.b.c.d", too many tokens'\r\n`,
  );
  await client.expect("MSG a.b.c 2 1\r\nx\r\n");
});

Deno.test("Client may publish exactly maxPayload", async () => {
  await using server = await TestServer.start({ maxPayload: 10 });
  const client = await server.client(HEADERS);
  await client.send("SUB foo 1\r\nPUB foo 10\r\n0123456789\r\n");
  await client.expect("MSG foo 1 10\r\n0123456789\r\n");
  await client.send("HPUB foo 4 10\r\n0123456789\r\n");
  await client.expect("HMSG foo 1 4 10\r\n0123456789\r\n");
  await client.send("PUB foo 11\r\n");
  await client.expectClosed("-ERR 'Maximum Payload Violation'\r\n");
});

Deno.test("A configured control line limit holds to the byte", async () => {
  await using server = await TestServer.start({ maxControlLine: 64 });
  const client = await server.client();
  await client.send(`SUB ${"x".repeat(62)} 1\r\n`);
  await client.quiet();
  await client.send(`PUB ${"x".repeat(63)} 1\r\nx\r\n`);
  await client.expectClosed("-ERR 'maximum control line exceeded'\r\n");
});

Deno.test("A message of a megabyte goes to everyone whole", async () => {
  await using server = await TestServer.start();
  const payload = "0123456789abcdef".repeat(65536);
  const subscribers = [];
  for (let i = 0; i < 5; i++) {
    const subscriber = await server.client();
    await subscriber.send("SUB big 1\r\n");
    await subscriber.quiet();
    subscribers.push(subscriber);
  }
  const publisher = await server.client();
  for (let i = 0; i < 3; i++) {
    await publisher.send(`PUB big 1048576\r\n${payload}\r\n`);
  }
  for (const subscriber of subscribers) {
    for (let i = 0; i < 3; i++) {
      await subscriber.expectBesidePing(`MSG big 1 1048576\r\n${payload}\r\n`);
    }
  }
});

Deno.test("A message fans out to a thousand connections", async () => {
  await using server = await TestServer.start();
  const subscribers = [];
  for (let i = 0; i < 1000; i++) {
    const subscriber = await server.client();
    await subscriber.send(`SUB fan ${i}\r\n`);
    await subscriber.quiet();
    subscribers.push(subscriber);
  }
  const publisher = await server.client();
  await publisher.send(`PUB fan 5\r\nhello\r\n`.repeat(200));
  await publisher.quiet();
  for (const [i, subscriber] of subscribers.entries()) {
    await subscriber.expectBesidePing(
      `MSG fan ${i} 5\r\nhello\r\n`.repeat(200),
    );
  }
  assert.equal(server.server.traffic.outMsgs, 200_000);
});

Deno.test("Client that half-closes is answered before the connection ends", async () => {
  await using server = await TestServer.listening();
  const client = await server.dialClient();
  await client.send("SUB foo 1\r\nPUB foo 2\r\nhi\r\nPING\r\n");
  await client.finish();
  await client.expectClosed("MSG foo 1 2\r\nhi\r\nPONG\r\n");
  assert.equal(client.failure, null);
});

Deno.test("What a client did wrong reaches it although it goes on sending", async () => {
  await using server = await TestServer.listening();
  for (let i = 0; i < 20; i++) {
    const client = await server.dialClient();
    await client.send(`RUBBISH\r\n${"x".repeat(500_000)}`).catch(() => {});
    await client.expectClosed("-ERR 'Unknown Protocol Operation'\r\n");
    assert.equal(client.failure, null, "closed, not reset");
  }
});

Deno.test("Client is named in the log after CONNECT, once", async () => {
  await using server = await TestServer.start();
  const client = await server.client(
    'CONNECT {"verbose":false,"lang":"ts","version":"1.0","name":"a\\"b"}\r\n',
  );
  await client.send('CONNECT {"verbose":false,"name":"other"}\r\nRUBBISH\r\n');
  await client.closed();
  await server.log.until(
    /ERR pipe:0 - cid:1 - "v1\.0:ts:a\\"b" - Client parser ERROR: proto='"RUBBISH\\r\\n"\.\.\.'/,
  );
  assert(
    server.log.lines.includes("DBG pipe:0 - cid:1 - Client connection created"),
  );
  await server.log.until(
    /DBG .* - Client connection closed: Protocol Violation/,
  );
});

Deno.test("Tracing shows operations both ways and no secrets", async () => {
  const log = new TracingLog();
  await using server = await TestServer.start({ log });
  const client = server.connect();
  await client.info();
  await client.send(
    'CONNECT {"verbose":true,"user":"derek","pass":"s3c\\"ret","auth_token":"t0k","jwt":"ey","sig":"x","nkey":"U"}\r\n',
  );
  await client.send(
    "SUB foo 1\r\nPUB foo re 5\r\nhello\r\nUNSUB 1\r\nPING\r\n",
  );
  await client.through("PONG\r\n");
  const lines = log.lines.filter((line) => line.startsWith("TRC"))
    .map((line) => line.replace("TRC pipe:0 - cid:1 - ", ""));
  assert.deepEqual(lines, [
    '<<- [CONNECT {"verbose":true,"user":"derek","pass":"[REDACTED]","auth_token":"[REDACTED]","jwt":"[REDACTED]","sig":"[REDACTED]","nkey":"[REDACTED]"}]',
    "->> [OK]",
    "<<- [SUB foo 1]",
    "->> [OK]",
    "<<- [PUB foo re 5]",
    '<<- MSG_PAYLOAD: ["hello"]',
    "->> [OK]",
    "->> [MSG foo 1 re 5]",
    "<<- [UNSUB 1]",
    "<-> [DELSUB 1]",
    "->> [OK]",
    "<<- [PING]",
    "->> [PONG]",
  ]);
});

Deno.test("Refusals of one client are logged ten times, then no more", async () => {
  await using server = await TestServer.start();
  const client = await server.client();
  await client.send("PUB _GR_.x 0\r\n\r\n".repeat(50));
  await client.quiet().catch(() => {});
  const lines = server.log.lines.filter((line) => line.includes("Violation"));
  assert.equal(lines.length, 10);
  assert.match(lines[9], /further refusals are not logged/);
});
