/** Monitoring as the executable serves it: flags, files, failures, signals. */

import assert from "node:assert/strict";
import { Folder } from "../support/folder.ts";
import { portsOf } from "../support/ports_file.ts";
import { FILES, Midge, run } from "../support/midge.ts";
import { freePort } from "../support/official_server.ts";
import { certFile } from "../support/tls.ts";

const LOCAL = ["-a", "127.0.0.1", "-p", "-1"];

async function varz(base: string) {
  const response = await fetch(`${base}/varz`);
  assert.equal(response.status, 200);
  return await response.json();
}

Deno.test("midge -m serves monitoring with no permission but the network", async () => {
  await using midge = new Midge([...LOCAL, "-m", "-1"]);
  const [port] = await midge.line(/Starting http monitor on 127.0.0.1:(\d+)\n/);
  await midge.line(/Server is ready\n/);
  const { mem, connections } = await varz(`http://127.0.0.1:${port}`);
  assert(mem > 10_000_000);
  assert.equal(connections, 0);
  const page = await fetch(`http://127.0.0.1:${port}/`);
  assert.match(page.headers.get("Content-Type") ?? "", /^text\/html/);
  await page.body?.cancel();
  midge.kill("SIGTERM");
  assert.equal(await midge.code(), 0);
});

Deno.test("midge takes monitoring from a file, tells it in the ports file, and keeps it through a reload", async () => {
  using folder = new Folder();
  const file = `${folder.path}/midge.conf`;
  const text = (http: string) => `
    listen: "127.0.0.1:-1"
    http: "${http}"
    http_base_path: "/nats"
    ports_file_dir: "${folder.path}"
  `;
  await Deno.writeTextFile(file, text("127.0.0.1:-1"));
  await using midge = new Midge(["-c", file], FILES);
  await midge.line(/Server is ready\n/);
  const ports = await portsOf(folder, midge);
  const [base] = ports.monitoring;
  assert.equal((await varz(`${base}/nats`)).http_port, -1);

  await Deno.writeTextFile(file, text("127.0.0.1:8222"));
  midge.kill("SIGHUP");
  await midge.line(
    /Failed to reload server configuration: config reload not supported for http_port: old=-1, new=8222\n/,
  );
  await Deno.writeTextFile(file, `${text("127.0.0.1:-1")}\nmax_payload: 77`);
  midge.kill("SIGHUP");
  await midge.line(/Reloaded server configuration\n/);
  assert.equal((await varz(`${base}/nats`)).max_payload, 77);
});

Deno.test("midge says why it cannot serve monitoring, and ends with 1", async () => {
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = taken.addr;
  const tls = [
    "--tls",
    "--tlscert",
    certFile("server.pem"),
    "--tlskey",
    certFile("server-key.pem"),
  ];
  const cases: [string[], RegExp][] = [
    [
      ["-m", String(port)],
      new RegExp(
        `\\[FTL\\] Error listening on port: 127.0.0.1:${port}, "listen tcp 127.0.0.1:${port}: bind: address already in use": stop what listens there .*\n$`,
      ),
    ],
    [
      ["-ms", String(freePort())],
      /TLS cert and key required for HTTPS\n$/,
    ],
    [
      ["-m", "8222", "-ms", "8223", ...tls],
      /can't specify both HTTP \(8222\) and HTTPs \(8223\) ports\n$/,
    ],
    [
      ["-m", "65536"],
      /invalid value "65536" for flag -m: must be from -1 to 65535, got 65536 \(midge -h lists the flags\)\n$/,
    ],
  ];
  for (const [args, message] of cases) {
    const { code, stderr } = await run([...LOCAL, ...args], FILES);
    assert.equal(code, 1, stderr);
    assert.match(stderr, message);
  }
});

Deno.test("midge -t finds out about monitoring that cannot be", async () => {
  using folder = new Folder();
  const file = `${folder.path}/midge.conf`;
  await Deno.writeTextFile(file, "https: 8223");
  const { code, stderr } = await run(["-t", "-c", file], FILES);
  assert.equal(code, 1);
  assert.match(stderr, /TLS cert and key required for HTTPS/);
});
