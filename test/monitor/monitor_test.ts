/** What is HTTP about monitoring: paths, methods, JSONP, readers good and bad. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { systemClock } from "../../src/options.ts";
import type { MonitorAddress } from "../../src/monitor/monitor.ts";
import { Monitor } from "../../src/monitor/monitor.ts";
import { KeptLog } from "../support/server.ts";
import type { MadeUp } from "../support/snapshots.ts";
import {
  connectionSnapshot,
  FakeSnapshots,
  subscriptionSnapshot,
} from "../support/snapshots.ts";
import { certText } from "../support/tls.ts";

const decoder = new TextDecoder();

/** A monitor of a made-up server. */
class TestMonitor implements AsyncDisposable {
  readonly log = new KeptLog();
  readonly monitor: Monitor;

  constructor(
    made: MadeUp = {},
    { basePath = "", certificate = null }: {
      basePath?: string;
      certificate?: MonitorAddress["certificate"];
    } = {},
  ) {
    this.monitor = new Monitor({
      snapshots: new FakeSnapshots(made),
      options: { log: this.log, clock: systemClock },
      basePath,
      heardAt: () => -Infinity,
    });
    this.monitor.listen({ host: "127.0.0.1", port: 0, certificate });
  }

  async get(path: string, init: RequestInit = {}): Promise<Response> {
    const url = `http://127.0.0.1:${this.monitor.port}${path}`;
    return await fetch(url, { redirect: "manual", ...init });
  }

  async text(path: string, init: RequestInit = {}): Promise<string> {
    return await (await this.get(path, init)).text();
  }

  async status(path: string): Promise<number> {
    const response = await this.get(path);
    await response.body?.cancel();
    return response.status;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.monitor.stop();
  }
}

/** Connections enough that an answer does not fit in what sockets buffer. */
function many(count: number): MadeUp {
  return {
    open: Array.from(
      { length: count },
      (_, i) => connectionSnapshot({ id: i + 1, name: `client ${i + 1} é` }),
    ),
  };
}

Deno.test("Monitor serves JSON anybody may read", async () => {
  await using test = new TestMonitor();
  const response = await test.get("/varz");
  assert.equal(response.status, 200);
  const { headers } = response;
  assert.equal(headers.get("Content-Type"), "application/json");
  assert.equal(headers.get("Access-Control-Allow-Origin"), "*");
  assert.equal(headers.get("X-Content-Type-Options"), "nosniff");
  const text = await response.text();
  assert(text.startsWith('{\n  "server_id": "NSERVER",\n'), text);
  assert(text.endsWith('"\n  }\n}') || text.endsWith("\n  }\n}"), text);
});

Deno.test("Monitor answers unknown paths as Go does", async () => {
  await using test = new TestMonitor();
  for (
    const path of ["/foo", "/varz/", "/VARZ", "/varz%2F", "/toString", "/.."]
  ) {
    const response = await test.get(path === "/.." ? "/%2e%2e/x" : path);
    assert.equal(response.status, 404, path);
    assert.equal(
      response.headers.get("Content-Type"),
      "text/plain; charset=utf-8",
    );
    assert.equal(await response.text(), "404 page not found\n");
  }
  const redirected = await test.get("//varz?a=1");
  assert.equal(redirected.status, 307);
  assert.equal(redirected.headers.get("Location"), "/varz?a=1");
});

Deno.test("Monitor says what is wrong with arguments", async () => {
  await using test = new TestMonitor();
  const cases: [string, string][] = [
    ["/connz?sort=foo", "invalid sorting option: foo\n"],
    ["/accountz?acc=NOPE", "Account NOPE does not exist\n"],
    [
      "/subsz?limit=x",
      `Error decoding int for 'limit': strconv.Atoi: parsing "x": invalid syntax\n`,
    ],
    [
      "/leafz?subs=x",
      `Error decoding boolean for 'subs': strconv.ParseBool: parsing "x": invalid syntax\n`,
    ],
    [
      "/gatewayz?accs=3",
      `Error decoding boolean for 'accs': strconv.ParseBool: parsing "3": invalid syntax\n`,
    ],
    [
      "/jsz?limit=z",
      `Error decoding int for 'limit': strconv.Atoi: parsing "z": invalid syntax\n`,
    ],
  ];
  for (const [path, text] of cases) {
    for (const query of [path, `${path}&callback=f`]) {
      const response = await test.get(query);
      assert.equal(response.status, 400, query);
      assert.equal(
        response.headers.get("Content-Type"),
        "text/plain; charset=utf-8",
      );
      assert.equal(await response.text(), text);
    }
  }
});

Deno.test("Monitor has an answer to any arguments", async () => {
  await using test = new TestMonitor(many(3));
  const name = fc.constantFrom(
    ...["sort", "auth", "subs", "offset", "limit", "cid", "state", "user"],
    ...["acc", "test", "unused", "accs", "callback", "js-enabled", "details"],
  );
  const value = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.bigInt().map(String),
    fc.constantFrom("", "1", "detail", "any", "closed", "stop", "%zz", "foo"),
  );
  const path = fc.constantFrom(
    ...["/varz", "/connz", "/routez", "/subsz", "/healthz", "/accountz"],
    ...["/accstatz", "/leafz", "/gatewayz", "/jsz", "/metrics", "/"],
  );
  await fc.assert(fc.asyncProperty(
    path,
    fc.array(fc.tuple(name, value), { maxLength: 4 }),
    async (path, args) => {
      const query = args.map(([name, value]) =>
        `${name}=${value === "%zz" ? value : encodeURIComponent(value)}`
      );
      const status = await test.status(`${path}?${query.join("&")}`);
      assert([200, 400].includes(status), String(status));
    },
  ));
  assert.deepEqual(test.log.lines.filter((line) => !/^WRN/.test(line)), []);
});

Deno.test("Monitor serves below a base path, and only there", async () => {
  await using test = new TestMonitor({}, { basePath: "mon//nats/" });
  assert.equal(test.monitor.basePath, "/mon/nats");
  const cases: [string, number][] = [
    ["/mon/nats", 200],
    ["/mon/nats/varz", 200],
    ["/mon/nats/", 404],
    ["/mon/natsvarz", 404],
    ["/varz", 404],
    ["/", 404],
  ];
  for (const [path, status] of cases) {
    assert.equal(await test.status(path), status, path);
  }
  await using spaced = new TestMonitor({}, { basePath: "/my nats/é" });
  assert.equal(await spaced.status("/my nats/é/varz"), 200);
  const { http_req_stats } = JSON.parse(await test.text("/mon/nats/varz"));
  assert.equal(http_req_stats["/varz"], 2);
  assert.equal(http_req_stats["/"], 1);
});

Deno.test("Monitor counts requests by path, from zero, as the official server", async () => {
  await using test = new TestMonitor();
  for (
    const path of [
      "/connz",
      "/connz?sort=foo",
      "/connz?limit=x",
      "/routez?subs=7",
      "/subsz?limit=x",
      "/subscriptionsz",
      "/ipqueuesz",
      "/foo",
    ]
  ) await test.status(path);
  const { http_req_stats } = JSON.parse(await test.text("/varz"));
  assert.deepEqual(http_req_stats, {
    "/": 0,
    "/varz": 1,
    "/connz": 2,
    "/routez": 0,
    "/subsz": 2,
    "/healthz": 0,
    "/accountz": 0,
    "/accstatz": 0,
    "/leafz": 0,
    "/gatewayz": 0,
    "/jsz": 0,
    "/metrics": 0,
  });
});

Deno.test("Monitor wraps answers for JSONP, for names that are names", async () => {
  await using test = new TestMonitor({
    open: [connectionSnapshot({
      name: "</script><script>alert(1)//\u2028",
      subscriptions: 1,
      subscriptionList: () => [subscriptionSnapshot({ subject: "<b>&\u2029" })],
    })],
  });
  for (
    const path of [
      "/varz",
      "/connz",
      "/routez",
      "/subsz",
      "/healthz",
      "/accountz",
      "/accstatz",
      "/leafz",
      "/gatewayz",
      "/jsz",
    ]
  ) {
    const response = await test.get(`${path}?callback=jQuery1113_1461.x[0]`);
    assert.equal(
      response.headers.get("Content-Type"),
      "application/javascript",
    );
    const text = await response.text();
    const [, json] = /^jQuery1113_1461\.x\[0\]\(([^]*)\)$/.exec(text) ?? [];
    assert.equal(typeof JSON.parse(json), "object", path);
  }
  const text = await test.text("/connz?subs=1&callback=f");
  assert(!/[<>&\u2028\u2029]/.test(text), text);
  const [one] = JSON.parse(text.slice(2, -1)).connections;
  assert.equal(one.name, "</script><script>alert(1)//\u2028");
  assert.deepEqual(one.subscriptions_list, ["<b>&\u2029"]);
  for (const name of ["alert(1)//", "a b", "<b>", "x".repeat(129), "é"]) {
    const response = await test.get(
      `/varz?callback=${encodeURIComponent(name)}`,
    );
    assert.equal(response.status, 400, name);
    assert.equal(
      response.headers.get("Content-Type"),
      "text/plain; charset=utf-8",
    );
    await response.body?.cancel();
  }
});

Deno.test("Monitor serves any method as GET, and no body to HEAD", async () => {
  await using test = new TestMonitor(many(2000));
  for (const method of ["POST", "PUT", "OPTIONS", "DELETE"]) {
    const text = await test.text("/healthz", { method });
    assert.equal(text, '{"status":"ok"}', method);
  }
  for (const path of ["/varz", "/connz?limit=2000", "/"]) {
    const response = await test.get(path, { method: "HEAD" });
    assert.equal(response.status, 200, path);
    assert.equal(await response.text(), "");
  }
  const huge = await test.text("/healthz", {
    method: "POST",
    body: new Uint8Array(3_000_000),
  });
  assert.equal(huge, '{"status":"ok"}');
});

Deno.test("Monitor says 500 when the server is about to leave, and logs it", async () => {
  await using test = new TestMonitor({
    server: { problem: "the server is lame duck" },
  });
  const response = await test.get("/healthz?callback=f");
  assert.equal(response.status, 500);
  assert.equal(response.headers.get("Content-Type"), "application/json");
  assert.equal(
    await response.text(),
    '{"status":"error","error":"failed to be ready for connections: the server is lame duck"}',
  );
  assert.deepEqual(test.log.lines, [
    'WRN Healthcheck failed: "failed to be ready for connections: the server is lame duck"',
  ]);
});

Deno.test("Monitor sends long answers in pieces, all of it and in order", async () => {
  await using test = new TestMonitor(many(20_000));
  const answers = await Promise.all(
    ["cid", "idle", "cid"].map((sort) =>
      test.text(`/connz?limit=20000&sort=${sort}`)
    ),
  );
  for (const text of answers) {
    const { num_connections, connections } = JSON.parse(text);
    assert.equal(num_connections, 20_000);
    assert.deepEqual(
      connections.map((one: { cid: number }) => one.cid),
      Array.from({ length: 20_000 }, (_, i) => i + 1),
    );
    assert.equal(connections[8].name, "client 9 é");
  }
});

Deno.test("Monitor serves others while a reader does not read, and stops all the same", async () => {
  await using test = new TestMonitor(many(50_000));
  const conn = await Deno.connect({ port: test.monitor.port });
  await conn.write(
    new TextEncoder().encode(
      "GET /connz?limit=50000 HTTP/1.1\r\nHost: x\r\n\r\n",
    ),
  );
  const buffer = new Uint8Array(15);
  await conn.read(buffer);
  assert.equal(decoder.decode(buffer), "HTTP/1.1 200 OK");
  for (let i = 0; i < 20; i++) {
    assert.equal(await test.text("/healthz"), '{"status":"ok"}');
  }
  await test.monitor.stop();
  conn.close();
});

Deno.test("Monitor gives up an answer whose reader goes away", async () => {
  let ended = 0;
  function* endless() {
    try {
      for (let sid = 1;; sid++) {
        yield subscriptionSnapshot({
          subject: "x".repeat(1000),
          sid: `${sid}`,
        });
      }
    } finally {
      ended++;
    }
  }
  await using test = new TestMonitor({
    open: [
      connectionSnapshot({ subscriptions: 1, subscriptionList: endless }),
    ],
  });
  const response = await test.get("/connz?subs=1");
  const reader = response.body?.getReader();
  await reader?.read();
  await reader?.cancel();
  while (ended === 0) await test.text("/healthz");
  assert.equal(ended, 1);
});

Deno.test("Monitor holds a thousand connections that say nothing, or nonsense", async () => {
  await using test = new TestMonitor();
  const { port } = test.monitor;
  const conns = await Promise.all(
    Array.from({ length: 1000 }, async (_, i) => {
      const conn = await Deno.connect({ port });
      const said = [
        "",
        "GET /va",
        "\x16\x03\x01\x02",
        "GET /varz HTTP/1.1\r\n",
      ];
      await conn.write(new TextEncoder().encode(said[i % said.length] || " "));
      return conn;
    }),
  );
  assert.equal(await test.text("/healthz"), '{"status":"ok"}');
  await test.monitor.stop();
  for (const conn of conns) conn.close();
});

Deno.test("Monitor serves requests whose Host makes no sense", async () => {
  await using test = new TestMonitor();
  for (const host of ["[", "a b", "%", "x:99999"]) {
    const conn = await Deno.connect({ port: test.monitor.port });
    await conn.write(
      new TextEncoder().encode(
        `GET /healthz HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`,
      ),
    );
    const text = await new Response(conn.readable).text();
    assert.match(text, /^HTTP\/1.1 (200|400) /, host);
  }
  assert.deepEqual(test.log.lines, []);
});

Deno.test("Monitor speaks HTTPS, and takes another certificate on the same port", async () => {
  const certificate = (name: string) => ({
    cert: certText(`${name}.pem`),
    key: certText(`${name}-key.pem`),
  });
  await using test = new TestMonitor({}, {
    certificate: certificate("server"),
  });
  const { monitor } = test;
  assert(monitor.secure);
  using client = Deno.createHttpClient({ caCerts: [certText("ca.pem")] });
  const url = `https://localhost:${monitor.port}/healthz`;
  const first = await fetch(url, { client });
  assert.equal(await first.text(), '{"status":"ok"}');

  const { port } = monitor;
  await monitor.useCertificate(certificate("server-ecdsa"));
  assert.equal(monitor.port, port);
  const conn = await Deno.connectTls({
    hostname: "localhost",
    port,
    caCerts: [certText("ca.pem")],
  });
  await conn.handshake();
  conn.close();
  const second = await fetch(url, { client });
  assert.equal(await second.text(), '{"status":"ok"}');
});
