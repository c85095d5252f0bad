import assert from "node:assert/strict";
import { dialTcp, dialUdp, dialUnix } from "../../src/logging/syslog_socket.ts";
import { Folder } from "../support/folder.ts";

Deno.test("dialTcp() notices that the daemon hangs up, whatever it said before", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const [socket, conn] = await Promise.all([
    dialTcp("127.0.0.1", listener.addr.port),
    listener.accept(),
  ]);
  await conn.write(new Uint8Array(2000));
  conn.close();
  await socket.ended;
  socket.close();
  socket.close();
  listener.close();
});

Deno.test("dialUnix() rejects where there is no socket, and where there is only a file", async () => {
  using folder = new Folder({ file: "" });
  await assert.rejects(dialUnix(folder.file("none")), Deno.errors.NotFound);
  await assert.rejects(
    dialUnix(folder.file("file")),
    Deno.errors.ConnectionRefused,
  );
});

Deno.test("dialUdp() takes addresses and names and needs nobody to listen", async () => {
  for (const hostname of ["127.0.0.1", "localhost"]) {
    const socket = await dialUdp(hostname, 9);
    await socket.send(new Uint8Array(3));
    socket.close();
    socket.close();
  }
});
