import assert from "node:assert/strict";
import fc from "fast-check";
import type {
  AccountOptions,
  ExportOptions,
  ImportOptions,
} from "../../src/auth_options.ts";
import { Responses } from "../../src/core/responses.ts";
import { ConfigError } from "../../src/errors.ts";
import { fromLatin1 } from "../../src/wire/ascii.ts";
import type { Party } from "../support/account_world.ts";
import { AccountWorld } from "../support/account_world.ts";
import { naiveMatch } from "../support/subjects.ts";

/** A imports nothing; B has something of it. */
function world(
  exported: ExportOptions,
  imported: Omit<ImportOptions, "stream" | "service">,
): AccountWorld {
  const kind = exported.stream === undefined ? "service" : "stream";
  const subject = `${exported.stream ?? exported.service}`;
  return new AccountWorld([
    { name: "A", exports: [exported] },
    {
      name: "B",
      imports: [{ [kind]: { account: "A", subject }, ...imported }],
    },
  ]);
}

/** The reply subject of the last message taken, as its service sees it. */
function replyIn(frames: string): string {
  const [, reply] = /(_R_\.\w{6}\.\w{6}) /.exec(frames) ?? [];
  assert(reply !== undefined, `no reply subject in ${frames}`);
  return reply;
}

/** One request from `requester`; its reply subject at `service`. */
function request(requester: Party, service: Party, subject: string): string {
  assert.equal(requester.publish(subject, "ask", { reply: "in.1" }), 1);
  return replyIn(service.take());
}

const INFO = 'Nats-Request-Info: {"acc":"B","rtt":0}\r\n';

Deno.test("StreamImport delivers under the local subject to exact, wider and narrower subscriptions", async (t) => {
  for (
    const subject of [">", "fromA.>", "fromA.ev.x", "*.ev.*", "fromA.*.x"]
  ) {
    await t.step(subject, () => {
      const { join } = bound(world({ stream: "ev.*" }, { prefix: "fromA" }));
      const [a, b] = [join("A"), join("B")];
      b.subscribe(subject, "1");
      assert.equal(a.publish("ev.x", "hi", { reply: "in.7" }), 1);
      assert.equal(b.take(), "MSG fromA.ev.x 1 in.7 2\r\nhi\r\n");
      assert.equal(a.publish("ev.x.y"), 0);
      assert.equal(a.publish("other"), 0);
      assert.equal(b.publish("ev.x"), subject === ">" ? 1 : 0);
    });
  }
});

Deno.test("StreamImport with `to` moves wildcards to their place", () => {
  const { join } = bound(world({ stream: "mid.*.x.*" }, { to: "l.$2.$1" }));
  const [a, b] = [join("A"), join("B")];
  b.subscribe("l.*.*", "1");
  a.publish("mid.q.x.r", "", { headers: "NATS/1.0\r\n\r\n" });
  assert.equal(b.take(), "HMSG l.r.q 1 12 12\r\nNATS/1.0\r\n\r\n\r\n");
});

Deno.test("StreamImport is subscribed in the exporter only while somebody listens", () => {
  const { join, account } = bound(world({ stream: "ev.>" }, { prefix: "p" }));
  const b = join("B");
  const { sublist } = account("A");
  b.account.remove(b.subscribe("other", "1"));
  assert.equal(sublist.size, 0);
  const first = b.subscribe(">", "1");
  const second = b.subscribe("p.ev.x", "2");
  assert.equal(sublist.size, 1);
  b.account.remove(first);
  assert.equal(sublist.size, 1);
  b.account.remove(second);
  b.account.remove(second);
  assert.equal(sublist.empty, true);
  assert.equal(account("A").subscriptions, 0);
  assert.equal(account("B").subscriptions, 0);
});

Deno.test("StreamImport respects the end of a subscription, its queue group and who understands headers", () => {
  const { join } = bound(world({ stream: "ev.>" }, {}));
  const a = join("A");
  const b = join("B", false);
  b.subscribe("ev.1", "1", { max: 2 });
  b.subscribe("ev.2", "2", { queue: "q" });
  b.subscribe("ev.*", "3", { queue: "q" });
  let copies = 0;
  for (let i = 0; i < 4; i++) copies += a.publish("ev.1", `${i}`);
  assert.equal(copies, 4, "twice to both, counted as one crossing each");
  assert.equal(b.take().match(/ 1 1\r\n/g)?.length, 2);
  for (let i = 0; i < 10; i++) a.publish("ev.2", "hi");
  assert.equal(b.take().match(/MSG/g)?.length, 10);
  a.publish("ev.9", "hi", { headers: "NATS/1.0\r\n\r\n" });
  assert.equal(b.take(), "MSG ev.9 3 2\r\nhi\r\n");
});

Deno.test("StreamImport does not hand on what came through an import", () => {
  const { join } = bound(
    new AccountWorld([
      { name: "A", exports: [{ stream: "ev.>" }, { service: "svc" }] },
      {
        name: "B",
        imports: [
          { stream: { account: "A", subject: "ev.>" }, to: "b.>" },
          { service: { account: "A", subject: "svc" }, to: "b.svc" },
        ],
        exports: [{ stream: "b.>" }],
      },
      {
        name: "C",
        imports: [{ stream: { account: "B", subject: "b.>" } }],
      },
    ]),
  );
  const [a, b, c] = [join("A"), join("B"), join("C")];
  c.subscribe(">", "1");
  b.subscribe("b.x", "1");
  a.subscribe("svc", "1");
  assert.equal(a.publish("ev.x"), 1);
  assert.equal(a.publish("ev.svc"), 0);
  assert.equal(a.take(), "");
  assert.equal(c.take(), "");
  assert.equal(b.publish("b.x"), 2);
  assert.equal(c.take(), "MSG b.x 1 0\r\n\r\n");
});

Deno.test("ServiceImport carries a request over and one answer back", () => {
  const { join } = bound(world({ service: "svc.>" }, { to: "asvc.>" }));
  const [a, b] = [join("A"), join("B")];
  const plain = join("A", false);
  a.subscribe("svc.>", "1");
  plain.subscribe("svc.>", "2");
  b.subscribe("in.*", "9");
  assert.equal(b.publish("asvc.x", "hi", { reply: "in.1" }), 1);
  const frames = a.take();
  const reply = replyIn(frames);
  const block = `NATS/1.0\r\n${INFO}\r\n`;
  assert.equal(
    frames,
    `HMSG svc.x 1 ${reply} ${block.length} ${
      block.length + 2
    }\r\n${block}hi\r\n`,
  );
  assert.equal(plain.take(), `MSG svc.x 2 ${reply} 2\r\nhi\r\n`);
  assert.equal(a.publish(reply, "ans"), 1);
  assert.equal(a.publish(reply, "again"), 0);
  assert.equal(b.take(), "MSG in.1 9 3\r\nans\r\n");
  assert.equal(b.publish("svc.x", "hi"), 0);
  assert.equal(a.publish("asvc.x", "hi"), 0);
});

Deno.test("ServiceImport keeps headers, and replaces one that says who asks", () => {
  const { join } = bound(world({ service: "svc" }, {}));
  const [a, b] = [join("A"), join("B")];
  a.subscribe("svc", "1");
  for (const name of ["Nats-Request-Info", "nats-REQUEST-info"]) {
    b.publish("svc", "hi", {
      headers: `NATS/1.0\r\nA: b\r\n${name}: {"acc":"X"}\r\nC: d\r\n\r\n`,
    });
    const block = `NATS/1.0\r\nA: b\r\nC: d\r\n${INFO}\r\n`;
    assert.equal(
      a.take(),
      `HMSG svc 1 ${block.length} ${block.length + 2}\r\n${block}hi\r\n`,
    );
  }
});

Deno.test("ServiceImport tells who asks where that is shared", () => {
  const test = world({ service: "svc" }, { share: true });
  const [a, b] = [test.join("A"), test.join("B")];
  test.accounts.describe = () => ({ user: "bob", server: "N1" });
  a.subscribe("svc", "1");
  b.publish("svc");
  const [, json] = /Info: (.*)\r\n/.exec(a.take()) ?? [];
  const facts = JSON.parse(json);
  assert.match(facts.start, /^\d{4}-.*Z$/);
  delete facts.start;
  assert.deepEqual(facts, {
    host: b.connection.transport.remoteAddress.hostname,
    id: b.connection.id,
    acc: "B",
    user: "bob",
    rtt: 0,
    server: "N1",
    kind: "Client",
    client_type: "nats",
  });
});

Deno.test("ServiceImport counts as nobody while nobody serves", () => {
  const { join } = bound(world({ service: "svc" }, {}));
  const [a, b] = [join("A"), join("B")];
  assert.equal(b.publish("svc", "", { reply: "in.1" }), 0);
  a.subscribe("svc", "1");
  assert.equal(b.publish("svc", "", { reply: "in.1" }), 1);
});

Deno.test("Responses of a stream go on until an empty one or too long a pause", () => {
  const test = world({
    service: "svc",
    responseType: "stream",
    responseThresholdMs: 1000,
  }, {});
  const [a, b] = [test.join("A"), test.join("B")];
  a.subscribe("svc", "1");
  b.subscribe("in.1", "9");
  const first = request(b, a, "svc");
  for (const text of ["1", "2", "", "4"]) a.publish(first, text);
  assert.equal(
    b.take(),
    "MSG in.1 9 1\r\n1\r\nMSG in.1 9 1\r\n2\r\nMSG in.1 9 0\r\n\r\n",
  );
  const second = request(b, a, "svc");
  for (const pause of [700, 700, 1000, 1]) {
    test.clock.advance(pause);
    a.publish(second, `${pause}`);
  }
  assert.equal(b.take(), "MSG in.1 9 3\r\n700\r\nMSG in.1 9 3\r\n700\r\n");
});

Deno.test("Responses of another account or made up go nowhere", () => {
  const { join } = bound(world({ service: "svc" }, {}));
  const [a, b] = [join("A"), join("B")];
  a.subscribe("svc", "1");
  const reply = request(b, a, "svc");
  b.subscribe(">", "9");
  assert.equal(b.publish(reply, "x"), 1, "to the requester's own `>` only");
  assert.equal(b.take(), `MSG ${reply} 9 1\r\nx\r\n`);
  assert.equal(a.publish(`${reply}x`, "x"), 0);
  assert.equal(a.publish(reply.slice(0, 11) + "zzzzzz", "x"), 0);
  assert.equal(b.take(), "");
});

Deno.test("Responses that ask for an answer get it", () => {
  const { join } = bound(world({ service: "svc" }, {}));
  const [a, b] = [join("A"), join("B")];
  a.subscribe("svc", "1");
  a.subscribe("ack", "2");
  b.subscribe("in.1", "9");
  a.publish(request(b, a, "svc"), "ans", { reply: "ack" });
  const frames = b.take();
  const back = replyIn(frames);
  assert.equal(frames, `MSG in.1 9 ${back} 3\r\nans\r\n`);
  assert.equal(b.publish(back, "ok"), 1);
  assert.equal(a.take(), "MSG ack 2 2\r\nok\r\n");
});

Deno.test("Responses gives up the oldest request when too many wait, and late ones when tidied", () => {
  const test = world({ service: "svc" }, {});
  const [from, to] = ["A", "B"].map((name) =>
    new Responses(test.account(name), 3)
  );
  const terms = { single: true, thresholdMs: 100 };
  const replies: Uint8Array[] = [];
  for (let i = 0; i < 5; i++) {
    replies.push(from.expect(to, fromLatin1(`in.${i}`), terms, i * 10));
  }
  assert.equal(from.size, 3);
  from.forget(replies[0]);
  assert.equal(from.size, 3);
  from.forget(replies[4]);
  assert.equal(from.size, 2);
  from.tidy(120);
  assert.equal(from.size, 1);
  from.tidy(130);
  assert.equal(from.size, 0);
});

Deno.test("ServiceImport of a service that is imported itself names both accounts", () => {
  const { join } = bound(
    new AccountWorld([
      { name: "A", exports: [{ service: "svc" }] },
      {
        name: "B",
        exports: [{ service: "bsvc" }],
        imports: [{
          service: { account: "A", subject: "svc" },
          to: "bsvc",
          share: true,
        }],
      },
      {
        name: "C",
        imports: [{ service: { account: "B", subject: "bsvc" }, to: "csvc" }],
      },
    ]),
  );
  const [a, b, c] = [join("A"), join("B"), join("C")];
  a.subscribe("svc", "1");
  c.subscribe("in.1", "9");
  assert.equal(c.publish("csvc", "hi", { reply: "in.1" }), 1);
  const frames = a.take();
  assert.match(frames, /Info: \{"acc":"C","svc":"B","rtt":0\}\r\n/);
  assert.equal(a.publish(replyIn(frames), "ok"), 1);
  assert.equal(b.take(), "");
  assert.equal(c.take(), "MSG in.1 9 2\r\nok\r\n");
});

Deno.test("Fanout.forward() takes messages larger than its memory and goes on with the one in hand", () => {
  const { join } = bound(world({ stream: "ev.>" }, { prefix: "p" }));
  const [a, b] = [join("A"), join("B")];
  b.subscribe("p.>", "1");
  for (const sid of ["1", "2"]) a.subscribe("ev.>", sid);
  const text = "x".repeat(20_000);
  a.publish("ev.x", text);
  assert.equal(b.take(), `MSG p.ev.x 1 20000\r\n${text}\r\n`);
  assert.equal(
    a.take(),
    `MSG ev.x 1 20000\r\n${text}\r\nMSG ev.x 2 20000\r\n${text}\r\n`,
  );
});

/** An import as the naive model knows it. */
interface Link {
  kind: "stream" | "service";
  from: number;
  to: number;
  subject: string;
  prefix: string;
}

const NAMES = ["A", "B", "C"];

/** Short subjects of few tokens, so that imports and subscriptions meet. */
const publishSubject = fc.array(
  fc.oneof(
    { weight: 9, arbitrary: fc.constantFrom("a", "b") },
    fc.constant("*"),
  ),
  { minLength: 1, maxLength: 4 },
).map((tokens) => tokens.join("."));

const subscribeSubject = fc.oneof(
  fc.constantFrom(">", "*.>", "a.>", "b.>", "*.*.>"),
  fc.array(fc.constantFrom("a", "b", "*"), { minLength: 1, maxLength: 3 })
    .map((tokens) => tokens.join(".")),
);

const link: fc.Arbitrary<Link> = fc.record({
  kind: fc.constantFrom("stream" as const, "service" as const),
  from: fc.nat(2),
  to: fc.nat(2),
  subject: subscribeSubject,
  prefix: fc.constantFrom("a", "b", "a.b"),
});

const subscribeStep = fc.record({
  do: fc.constant("subscribe" as const),
  account: fc.nat(2),
  subject: subscribeSubject,
});
const publishStep = fc.record({
  do: fc.constant("publish" as const),
  account: fc.nat(2),
  subject: publishSubject,
});
const step = fc.oneof(
  { weight: 4, arbitrary: subscribeStep },
  { weight: 4, arbitrary: publishStep },
  fc.record({ do: fc.constant("end" as const), which: fc.nat() }),
);

function accountsOf(links: readonly Link[]): AccountOptions[] {
  return NAMES.map((name, own) => ({
    name,
    exports: links.filter(({ from }) => from === own)
      .map(({ kind, subject }) => ({ [kind]: subject })),
    imports: links.filter(({ to }) => to === own)
      .map(({ kind, from, subject, prefix }) => ({
        [kind]: { account: NAMES[from], subject },
        to: `${prefix}.${subject}`,
      })),
  }));
}

/** Every `account subject` at which a message turns up, once per way there. */
function naivePlaces(
  links: readonly Link[],
  account: number,
  subject: string,
  own = true,
): [number, string][] {
  const places: [number, string][] = [[account, subject]];
  for (const { kind, from, to, subject: pattern, prefix } of links) {
    const local = `${prefix}.${pattern}`;
    if (kind === "stream") {
      if (own && from === account && naiveMatch(pattern, subject)) {
        places.push([to, `${prefix}.${subject}`]);
      }
    } else if (to === account && naiveMatch(local, subject)) {
      const there = subject.slice(prefix.length + 1);
      places.push(...naivePlaces(links, from, there, false));
    }
  }
  return places;
}

/** Plays random steps; how many deliveries went from one account to another. */
function checkAgainstModel(links: fc.Arbitrary<Link[]>): number {
  let crossed = 0;
  fc.assert(
    fc.property(
      links,
      fc.array(step, { minLength: 20, maxLength: 40 }),
      (links, steps) => {
        const test = acyclicWorld(links);
        fc.pre(test !== null);
        crossed += play(test, links, steps);
      },
    ),
    { numRuns: 1500 },
  );
  return crossed;
}

type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

function play(
  test: AccountWorld,
  links: readonly Link[],
  steps: readonly Step[],
): number {
  const parties = NAMES.map((name) => test.join(name));
  const held: { account: number; subject: string; end(): void }[] = [];
  let crossed = 0;
  for (const [sid, step] of steps.entries()) {
    if (step.do === "subscribe") {
      const { account: space } = parties[step.account];
      const made = parties[step.account].subscribe(step.subject, `${sid}`);
      held.push({ ...step, end: () => space.remove(made) });
    } else if (step.do === "end") {
      if (held.length === 0) continue;
      held.splice(step.which % held.length, 1)[0].end();
    } else {
      const places = naivePlaces(links, step.account, step.subject);
      parties[step.account].publish(step.subject);
      for (const [i, party] of parties.entries()) {
        const got = [...party.take().matchAll(/^H?MSG (\S+) /gm)]
          .map(([, subject]) => subject);
        const expected = places.flatMap(([to, as]) =>
          held.filter(({ account, subject }) =>
            account === to && to === i && naiveMatch(subject, as)
          ).map(() => as)
        );
        assert.deepEqual(got.sort(), expected.sort());
        if (i !== step.account) crossed += got.length;
      }
    }
  }
  for (const { end } of held) end();
  for (const { account } of parties) assert.equal(account.subscriptions, 0);
  return crossed;
}

function acyclicWorld(links: readonly Link[]): AccountWorld | null {
  try {
    return new AccountWorld(accountsOf(links));
  } catch (error) {
    assert(error instanceof ConfigError);
    assert.match(error.message, /in a circle|imported already/);
    return null;
  }
}

Deno.test("Accounts without imports are isolated from each other", () => {
  assert.equal(checkAgainstModel(fc.constant([])), 0);
});

Deno.test("Accounts with imports exchange exactly what these cover", () => {
  const links = fc.array(link, { minLength: 1, maxLength: 4 });
  const crossed = checkAgainstModel(links);
  assert(crossed > 1000, `only ${crossed} deliveries crossed`);
});

/** Methods that can be taken out of their object. */
function bound(test: AccountWorld) {
  return {
    join: (name: string, headers = true) => test.join(name, headers),
    account: (name: string) => test.account(name),
  };
}
