import assert from "node:assert/strict";
import type { SecureOptions } from "../../src/cli/top_source.ts";
import { MonitorSource } from "../../src/cli/top_source.ts";
import { certFile, certText } from "../support/tls.ts";
import { connection, connz, varz } from "../support/top.ts";

const QUERY = { sort: "cid", limit: 10, subs: false };
const NONE: SecureOptions = {
  cert: "",
  key: "",
  caCert: "",
  skipVerify: false,
};

/** Something else than a server, on a free port. */
interface Fake extends AsyncDisposable {
  readonly port: number;
  /** Paths asked for. */
  readonly asked: string[];
}

function fake(
  answer: (path: string) => Response | Promise<Response>,
  tls: { cert: string; key: string } | undefined = undefined,
): Fake {
  const asked: string[] = [];
  const server = Deno.serve({
    hostname: "127.0.0.1",
    port: 0,
    onListen() {},
    ...tls,
  }, (request) => {
    const { pathname, search } = new URL(request.url);
    asked.push(pathname + search);
    return answer(pathname);
  });
  return {
    port: server.addr.port,
    asked,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

function good(path: string): Response {
  return Response.json(
    path.endsWith("/varz") ? varz() : connz(connection(1), connection(2)),
  );
}

/** Looks once and lets go. */
async function look(base: string, secure: SecureOptions | null = null) {
  const source = new MonitorSource(base, secure);
  try {
    return await source.sample(QUERY, new AbortController().signal);
  } finally {
    source.close();
  }
}

Deno.test("MonitorSource.sample() asks for what is wanted, below the base path", async () => {
  await using server = fake(good);
  const source = new MonitorSource(
    `http://127.0.0.1:${server.port}/mon/nats`,
    null,
  );
  const query = { sort: "bytes_to", limit: 7, subs: true };
  const { signal } = new AbortController();
  const { connections } = await source.sample(query, signal);
  source.close();
  assert.deepEqual(connections.map(({ cid }) => cid), [1, 2]);
  assert.deepEqual(server.asked, [
    "/mon/nats/varz",
    "/mon/nats/connz?limit=7&sort=bytes_to&subs=1",
  ]);
});

Deno.test("MonitorSource.sample() says in one line what is wrong", async (t) => {
  for (
    const [name, answer, message] of [
      [
        "not found",
        () => new Response("404 page not found\n", { status: 404 }),
        /^\/varz answers 404: 404 page not found$/,
      ],
      [
        "an error without a line end, steering the terminal",
        () => new Response("\x1b[2Joops", { status: 500 }),
        /^\/varz answers 500: \\x1b\[2Joops$/,
      ],
      [
        "somewhere else",
        () => Response.redirect("http://127.0.0.1:1/varz"),
        /^\/varz answers 302: $/,
      ],
      [
        "a page",
        () => new Response("<html>"),
        /^the answer to \/varz is not JSON$/,
      ],
      [
        "other JSON",
        () => Response.json({ hello: 1 }),
        /^the answer to \/varz is not a NATS server's: "in_msgs" is no number$/,
      ],
      [
        "a refused sort option",
        (path: string) =>
          path === "/varz"
            ? good(path)
            : new Response("invalid sorting option: rtt", { status: 400 }),
        /^\/connz answers 400: invalid sorting option: rtt$/,
      ],
    ] as const
  ) {
    await t.step(name, async () => {
      await using server = fake(answer);
      const base = `http://127.0.0.1:${server.port}`;
      await assert.rejects(look(base), { name: "SourceError", message });
    });
  }
  await t.step("nobody", async () => {
    const base = await (async () => {
      await using server = fake(good);
      return `http://127.0.0.1:${server.port}`;
    })();
    await assert.rejects(look(base), {
      name: "SourceError",
      message: `no answer from ${base}: Connection refused`,
    });
  });
});

Deno.test("MonitorSource.sample() ends when told to, whoever is silent", async () => {
  const silent = Promise.withResolvers<Response>();
  const asked = Promise.withResolvers<void>();
  await using server = fake(() => {
    asked.resolve();
    return silent.promise;
  });
  const source = new MonitorSource(`http://127.0.0.1:${server.port}`, null);
  const stop = new AbortController();
  const sample = source.sample(QUERY, stop.signal);
  await asked.promise;
  stop.abort();
  await assert.rejects(sample, { name: "SourceError" });
  source.close();
  silent.resolve(new Response());
});

Deno.test("MonitorSource over HTTPS", async (t) => {
  const tls = {
    cert: certText("server-ecdsa.pem"),
    key: certText("server-ecdsa-key.pem"),
  };
  await using server = fake(good, tls);
  const base = `https://localhost:${server.port}`;
  await t.step("with the authority known", async () => {
    const { total } = await look(base, { ...NONE, caCert: certFile("ca.pem") });
    assert.equal(total, 2);
  });
  await t.step("not with another", async () => {
    await assert.rejects(
      look(base, { ...NONE, caCert: certFile("other-ca.pem") }),
      { name: "SourceError", message: /certificate/ },
    );
  });
  await t.step("unchecked", async () => {
    const { total } = await look(base, { ...NONE, skipVerify: true });
    assert.equal(total, 2);
  });
  await t.step("with files that are not there, or hold something else", () => {
    const files = {
      cert: certFile("client.pem"),
      key: certFile("client-key.pem"),
    };
    new MonitorSource(base, { ...NONE, ...files }).close();
    for (
      const wrong of [
        { caCert: "/no/such.pem" },
        { caCert: import.meta.filename ?? "" },
        { ...files, key: certFile("client.pem") },
        { ...files, skipVerify: true, key: "/no/such.pem" },
      ]
    ) {
      assert.throws(() => new MonitorSource(base, { ...NONE, ...wrong }), {
        name: "ConfigError",
        message: /^cannot (read|use) "/,
      });
    }
  });
});
