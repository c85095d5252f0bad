import assert from "node:assert/strict";
import fc from "fast-check";
import type {
  PermissionOptions,
  SubjectPermissions,
} from "../../src/auth_options.ts";
import { OpenReplies } from "../../src/auth/open_replies.ts";
import { fitsQueue, overlap } from "../../src/subject/patterns.ts";
import {
  checkPermissions,
  compilePermissions,
} from "../../src/auth/permissions.ts";
import { ConfigError } from "../../src/errors.ts";
import { fromLatin1, latin1 } from "../../src/wire/ascii.ts";
import { ByteBuffer } from "../../src/wire/buffer.ts";
import { InboundMessage } from "../../src/wire/inbound_message.ts";
import { hashWords } from "../../src/wire/words.ts";
import {
  naiveMatch,
  publishSubject,
  subscribeSubject,
} from "../support/subjects.ts";

const queueName = fc.constantFrom("v1", "v1.a", "v1.*", "v2.b", "*", ">", "q");
const entry = fc.oneof(
  { weight: 2, arbitrary: subscribeSubject },
  fc.tuple(subscribeSubject, queueName).map((both) => both.join(" ")),
);

function lists(of: fc.Arbitrary<string>): fc.Arbitrary<SubjectPermissions> {
  const list = fc.array(of, { maxLength: 3 });
  return fc.record({ allow: list, deny: list }, { requiredKeys: [] });
}

/** Any permissions at all. */
const permissionOptions: fc.Arbitrary<PermissionOptions> = fc.record({
  publish: lists(subscribeSubject),
  subscribe: lists(entry),
  allowResponses: fc.constantFrom(null, {}),
}, { requiredKeys: [] });

/** What a list says of a subject: the queues of the entries that match. */
function matching(list: readonly string[], subject: string): string[] {
  return list.map((text) => `${text} `.split(" "))
    .filter(([pattern]) => naiveMatch(pattern, subject))
    .map(([, queue]) => queue);
}

const named = (queues: readonly string[], queue: string) =>
  queues.some((pattern) => pattern !== "" && fitsQueue(queue, pattern));

function denied(
  { deny = [] }: SubjectPermissions,
  subject: string,
  queue: string | null,
): boolean {
  const queues = matching(deny, subject);
  return queues.includes("") || (queue !== null && named(queues, queue));
}

function modelSubscribe(
  options: PermissionOptions,
  subject: string,
  queue: string | null,
): boolean {
  const { allow } = options.subscribe ?? {};
  if (denied(options.subscribe ?? {}, subject, queue)) return false;
  if (allow === undefined) return true;
  const queues = matching(allow, subject);
  return queue !== null && queues.some((name) => name !== "")
    ? named(queues, queue)
    : queues.includes("");
}

function modelPublish(options: PermissionOptions, subject: string): boolean {
  const { publish = {}, allowResponses } = options;
  const allow = publish.allow ?? (allowResponses ? [] : [">"]);
  // Without a list everything is allowed, invalid subjects too.
  const allowed = publish.allow === undefined && !allowResponses ||
    matching(allow, subject).length > 0;
  return allowed && !denied(publish, subject, null);
}

/** A message to this subject. */
function messageTo(subject: string): InboundMessage {
  const message = new InboundMessage();
  const buffer = new ByteBuffer(subject.length + 2);
  buffer.bytes.set(fromLatin1(subject), 1);
  message.buffer = buffer;
  message.subjectStart = 1;
  message.subjectEnd = 1 + subject.length;
  message.subjectHash = hashWords(buffer.view, 1, 1 + subject.length, 7);
  return message;
}

Deno.test("Permissions agree with a naive model on what may be published", () => {
  fc.assert(
    fc.property(
      permissionOptions,
      fc.array(fc.oneof(publishSubject, subscribeSubject), { minLength: 1 }),
      (options, subjects) => {
        const permissions = compilePermissions(options);
        // Three times: not cached, remembered, from the cache.
        for (const subject of [...subjects, ...subjects, ...subjects]) {
          const expected = modelPublish(options, subject);
          const message = messageTo(subject);
          const { bytes } = message.buffer;
          assert.equal(permissions.admits(message), expected, subject);
          assert.equal(
            permissions.mayPublish(bytes, 1, 1 + subject.length),
            expected,
            subject,
          );
        }
      },
    ),
    { numRuns: 1000 },
  );
});

Deno.test("Permissions agree with a naive model on what may be subscribed to and seen", () => {
  fc.assert(
    fc.property(
      permissionOptions,
      subscribeSubject,
      fc.option(queueName),
      fc.array(publishSubject),
      (options, subject, queue, published) => {
        const permissions = compilePermissions(options);
        const bytes = fromLatin1(subject);
        const may = permissions.maySubscribe(bytes, queue);
        assert.equal(may, modelSubscribe(options, subject, queue));
        if (!may) return;
        const narrowed = permissions.narrows(bytes, queue);
        for (const seen of [...published, ...published, ...published]) {
          if (!naiveMatch(subject, seen)) continue;
          const withheld = permissions.withholds(messageTo(seen), queue);
          assert.equal(
            withheld,
            denied(options.subscribe ?? {}, seen, queue),
            seen,
          );
          assert(narrowed || !withheld, `"${seen}" would not be asked for`);
        }
      },
    ),
    { numRuns: 3000 },
  );
});

Deno.test("Permissions of literal subscriptions never narrow them", () => {
  fc.assert(
    fc.property(
      permissionOptions,
      subscribeSubject.filter((subject) => !/(^|\.)[*>](\.|$)/.test(subject)),
      fc.option(queueName),
      (options, subject, queue) => {
        const permissions = compilePermissions(options);
        const bytes = fromLatin1(subject);
        if (!permissions.maySubscribe(bytes, queue)) return;
        assert(!permissions.narrows(bytes, queue));
      },
    ),
  );
});

Deno.test("Permissions on queues are as the protocol says", async (t) => {
  const table: [string[], string | null, boolean][] = [
    [["foo"], null, true],
    [["foo"], "any", true],
    [["foo v1"], null, false],
    [["foo v1"], "v1", true],
    [["foo v1"], "v2", false],
    [["foo", "foo v1"], null, true],
    [["foo", "foo v1"], "v1", true],
    [["foo", "foo v1"], "v2", false],
    [["foo v1.*"], "v1.a", true],
    [["foo v1.*"], "v1.a.b", false],
    [["foo v1.*"], "v1.*", true],
    [["foo >"], "any.thing", true],
    [["foo >"], null, false],
    [["* v1"], "v1", true],
  ];
  for (const [entries, queue, may] of table) {
    await t.step(`[${entries}] and queue ${queue}`, () => {
      const foo = fromLatin1("foo");
      const allowing = compilePermissions({ subscribe: { allow: entries } });
      assert.equal(allowing.maySubscribe(foo, queue), may);
    });
  }
  await t.step("a denied queue leaves the others", () => {
    const { maySubscribe } = bound({ subscribe: { deny: ["foo v1"] } });
    assert(maySubscribe("foo", null));
    assert(maySubscribe("foo", "v2"));
    assert(!maySubscribe("foo", "v1"));
  });
});

Deno.test("Permissions take the subject asked for literally", () => {
  const { maySubscribe } = bound({ subscribe: { allow: ["bar.*"] } });
  assert(maySubscribe("bar.>", null));
  assert(maySubscribe("bar.*", null));
  assert(!maySubscribe("bar.a.b", null));
  assert(!maySubscribe(">", null));
});

Deno.test("Permissions are compiled once for the same options", () => {
  const options = { publish: { allow: ["a"] } };
  assert.equal(compilePermissions(options), compilePermissions(options));
  assert.notEqual(
    compilePermissions(options),
    compilePermissions({ ...options }),
  );
});

Deno.test("Permissions to answer have defaults, and no limits below zero", () => {
  const responses = (allowResponses: PermissionOptions["allowResponses"]) =>
    compilePermissions({ allowResponses: allowResponses ?? null }).responses;
  assert.equal(responses(null), null);
  assert.deepEqual(responses({}), { max: 1, ttlMs: 120_000 });
  assert.deepEqual(responses({ max: 0, ttlMs: 0 }), {
    max: 1,
    ttlMs: 120_000,
  });
  assert.deepEqual(responses({ max: -1, ttlMs: -1 }), {
    max: Infinity,
    ttlMs: Infinity,
  });
  assert.deepEqual(responses({ max: 3, ttlMs: 5 }), { max: 3, ttlMs: 5 });
});

Deno.test("checkPermissions() says which subject is not valid, and where", async (t) => {
  const table: [PermissionOptions, string | null][] = [
    [{ publish: { allow: ["a.*", ">"], deny: ["b"] } }, null],
    [{ subscribe: { allow: ["a q", "b.> v1.*"] } }, null],
    [
      { publish: { allow: ["a..b"] } },
      'subject "a..b" is not a valid subject',
    ],
    [
      { publish: { deny: ["a q"] } },
      'subject "a q" is not a valid subject',
    ],
    [{ publish: { deny: [""] } }, 'subject "" is not a valid subject'],
    [{ subscribe: { deny: [">.a"] } }, 'subject ">.a" is not a valid subject'],
    [
      { subscribe: { allow: ["a b c"] } },
      'subject "a b c" is not a valid subject',
    ],
    [
      { subscribe: { allow: ["a. q"] } },
      'subject "a." is not a valid subject',
    ],
    [{ subscribe: { deny: ["a q."] } }, 'queue "q." is not a valid queue'],
  ];
  for (const [options, problem] of table) {
    await t.step(JSON.stringify(options), () => {
      if (problem === null) return checkPermissions(options, "here");
      const fails = (where: string) => (error: unknown) =>
        error instanceof ConfigError &&
        error.message === `${where}: ${problem}`;
      assert.throws(() => checkPermissions(options, "here"), fails("here"));
      assert.throws(() => compilePermissions(options), fails("permissions"));
    });
  }
});

Deno.test("overlap() is true for what some subject matches both of", () => {
  fc.assert(
    fc.property(
      subscribeSubject,
      subscribeSubject,
      publishSubject,
      (a, b, subject) => {
        const both = overlap(fromLatin1(a), fromLatin1(b));
        assert.equal(both, overlap(fromLatin1(b), fromLatin1(a)));
        if (naiveMatch(a, subject) && naiveMatch(b, subject)) assert(both);
      },
    ),
    { numRuns: 3000 },
  );
  for (
    const [a, b, both] of [
      ["a", "a", true],
      ["a", "b", false],
      ["a.*", "*.b", true],
      ["a.*", "a", false],
      ["a.>", "a", false],
      ["a.>", "*.*.c", true],
      [">", "a.b.c", true],
      ["a.*.c", "a.b.d", false],
    ] as const
  ) {
    assert.equal(overlap(fromLatin1(a), fromLatin1(b)), both, `${a} ${b}`);
  }
});

Deno.test("OpenReplies forgets what is over, and the oldest when there are too many", () => {
  const replies = new OpenReplies({ max: 1, ttlMs: 100 });
  for (let i = 0; i < 1000; i++) replies.open(`old.${i}`, 0);
  replies.open("new", 101);
  assert.equal(replies.size, 1);
  assert(!replies.use("old.1", 101));
  for (let i = 0; i < 100_000; i++) replies.open(`${i}`, 102);
  assert.equal(replies.size, 65_536);
  assert(replies.use("99999", 102));
  assert(!replies.use("99999", 102), "used up");
  assert(!replies.use("0", 102), "pushed out");
});

Deno.test("OpenReplies grants as much again to who asks again", () => {
  const replies = new OpenReplies({ max: 2, ttlMs: 100 });
  replies.open("re", 0);
  assert(replies.use("re", 50));
  replies.open("re", 60);
  assert(replies.use("re", 160));
  assert(replies.use("re", 160));
  assert(!replies.use("re", 160));
});

/** Compiled permissions that take texts. */
function bound(options: PermissionOptions) {
  const permissions = compilePermissions(options);
  return {
    maySubscribe: (subject: string, queue: string | null) =>
      permissions.maySubscribe(
        fromLatin1(subject),
        queue && latin1(fromLatin1(queue)),
      ),
  };
}
