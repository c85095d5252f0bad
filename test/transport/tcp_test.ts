import assert from "node:assert/strict";
import { dialTcp, listenTcp } from "../../src/transport/tcp.ts";
import { fromLatin1, latin1 } from "../../src/wire/ascii.ts";
import { bothFamilies } from "../support/families.ts";
import { runModule, SRC } from "../support/module.ts";

Deno.test("listenTcp() and dialTcp() make a stream of bytes", async () => {
  const listener = listenTcp("127.0.0.1", 0);
  assert(listener.address.port > 0);
  const accepting = listener.accept();
  const dialled = await dialTcp("127.0.0.1", listener.address.port);
  const accepted = await accepting;
  assert.equal(accepted.remoteAddress.hostname, "127.0.0.1");
  assert.equal(accepted.separate, true);

  const target = new Uint8Array(16);
  await dialled.write(fromLatin1("ping"));
  assert.equal(await accepted.read(target), 4);
  await accepted.closeWrite();
  assert.equal(await dialled.read(target), null);
  await dialled.write(fromLatin1("late"));
  assert.equal(await accepted.read(target), 4);
  assert.equal(latin1(target.subarray(0, 4)), "late");

  dialled.close();
  dialled.close();
  assert.equal(await accepted.read(target), null);
  accepted.close();
  listener.close();
  listener.close();
});

Deno.test("listenTcp() throws when the port is taken", () => {
  const first = listenTcp("127.0.0.1", 0);
  try {
    assert.throws(
      () => listenTcp("127.0.0.1", first.address.port),
      Deno.errors.AddrInUse,
    );
  } finally {
    first.close();
  }
});

Deno.test("close() of a transport ends a write the peer does not take", async () => {
  const listener = listenTcp("127.0.0.1", 0);
  const accepting = listener.accept();
  const dialled = await dialTcp("127.0.0.1", listener.address.port);
  const accepted = await accepting;
  const chunk = new Uint8Array(1024 * 1024);
  const writing = (async () => {
    for (;;) await accepted.write(chunk);
  })();
  const ended = assert.rejects(writing);
  await dialled.read(new Uint8Array(1));
  accepted.close();
  await ended;
  dialled.close();
  listener.close();
});

for (const any of ["0.0.0.0", "::"]) {
  Deno.test({
    name: `listenTcp() takes IPv4 and IPv6 at ${any}, each by its own address`,
    ignore: !bothFamilies(),
    async fn() {
      const listener = listenTcp(any, 0);
      for (const host of ["127.0.0.1", "::1"]) {
        const accepting = listener.accept();
        const dialled = await dialTcp(host, listener.address.port);
        const accepted = await accepting;
        assert.equal(accepted.remoteAddress.hostname, host);
        assert.equal(dialled.remoteAddress.hostname, host);
        dialled.close();
        accepted.close();
      }
      listener.close();
    },
  });
}

Deno.test("listenTcp() at 0.0.0.0 throws when the port is taken", () => {
  const first = listenTcp("127.0.0.1", 0);
  try {
    assert.throws(
      () => listenTcp("0.0.0.0", first.address.port),
      Deno.errors.AddrInUse,
    );
  } finally {
    first.close();
  }
});

Deno.test("listenTcp() at 0.0.0.0 is content with IPv4 where that is all it may have", async () => {
  const { stdout, stderr } = await runModule(
    `import { listenTcp } from "${SRC}transport/tcp.ts";
    const listener = listenTcp("0.0.0.0", 0);
    console.log(listener.address.hostname);
    listener.close();`,
    ["--allow-net=0.0.0.0"],
  );
  assert.equal(stdout, "0.0.0.0\n", stderr);
});
