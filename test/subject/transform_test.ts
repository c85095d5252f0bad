import assert from "node:assert/strict";
import fc from "fast-check";
import { covers } from "../../src/subject/patterns.ts";
import type {
  SubjectMapping,
  SubjectTransform,
} from "../../src/subject/transform.ts";
import { mapSubjects } from "../../src/subject/transform.ts";
import { fromLatin1, latin1 } from "../../src/wire/ascii.ts";
import {
  naiveMatch,
  publishSubject,
  subscribeSubject,
} from "../support/subjects.ts";

function mapping(source: string, destination: string): SubjectMapping {
  const made = mapSubjects(fromLatin1(source), fromLatin1(destination));
  assert(typeof made !== "string", `${made}`);
  return made;
}

/** Applies to a subject in the middle of other bytes. */
function apply(transform: SubjectTransform, subject: string): string {
  const target = new Uint8Array(subject.length + transform.growth + 4);
  const end = transform.apply(
    fromLatin1(`..${subject}..`),
    2,
    2 + subject.length,
    target,
    3,
  );
  return latin1(target.subarray(3, end));
}

Deno.test("mapSubjects() maps there and back", async (t) => {
  const cases: [string, string, string, string][] = [
    ["a", "b.c", "a", "b.c"],
    ["ev.>", "fromA.ev.>", "ev.x.y", "fromA.ev.x.y"],
    [">", "p.>", "x", "p.x"],
    ["p.>", ">", "p.x.y", "x.y"],
    ["ev.*.>", "local.*.>", "ev.a.b.c", "local.a.b.c"],
    ["one.*.two.*", "o.$2.$1", "one.y.two.x", "o.x.y"],
    ["*.*", "$2.m.$1", "a.b", "b.m.a"],
    ["a.*", "*.b", "a.x", "x.b"],
    ["a.$1", "b.c", "a.$1", "b.c"],
  ];
  for (const [source, destination, subject, wanted] of cases) {
    await t.step(`${source} -> ${destination}`, () => {
      const { forth, back } = mapping(source, destination);
      assert.equal(latin1(forth.pattern), source);
      assert.equal(apply(forth, subject), wanted);
      assert.equal(apply(back, wanted), subject);
    });
  }
});

Deno.test("mapSubjects() refuses what cannot be turned round", () => {
  const cases: [string, string, RegExp][] = [
    ["a..b", "c", /invalid subject/],
    ["a", "c.>.d", /invalid subject/],
    ["a.*", "b.>", /must end with ">"/],
    ["a.>", "b", /must end with ">"/],
    ["a.*.*", "b.*", /not all wildcards/],
    ["a.*", "b", /not all wildcards/],
    ["a", "b.*", /no wildcard for token 2/],
    ["a.*", "b.$2", /no wildcard for token 2/],
    ["a.*.*", "b.$1.$1", /used twice/],
  ];
  for (const [source, destination, problem] of cases) {
    const made = mapSubjects(fromLatin1(source), fromLatin1(destination));
    assert(typeof made === "string", `${source} -> ${destination}`);
    assert.match(made, problem);
  }
});

Deno.test("SubjectTransform.apply() gives a subject of the other form, and back the same", () => {
  fc.assert(
    fc.property(
      subscribeSubject,
      fc.array(fc.constantFrom("p", "q", "*"), { maxLength: 3 }),
      fc.infiniteStream(fc.nat(5)),
      publishSubject,
      (source, extra, random, subject) => {
        fc.pre(naiveMatch(source, subject));
        const stars = source.split(".").filter((token) => token === "*").length;
        const refs = Array.from({ length: stars }, (_, i) => `$${i + 1}`);
        refs.sort(() => (random.next().value ?? 0) - 2.5);
        const tokens = ["t", ...extra.filter((one) => one !== "*"), ...refs];
        if (source.endsWith(">")) tokens.push(">");
        const { forth, back } = mapping(source, tokens.join("."));
        const there = apply(forth, subject);
        assert(naiveMatch(latin1(back.pattern), there));
        assert(there.length <= subject.length + forth.growth);
        assert.equal(apply(back, there), subject);
      },
    ),
    { numRuns: 3000 },
  );
});

Deno.test("covers() says yes only if everything that matches one matches the other", () => {
  fc.assert(
    fc.property(
      subscribeSubject,
      subscribeSubject,
      publishSubject,
      (wide, narrow, subject) => {
        if (!covers(fromLatin1(wide), fromLatin1(narrow))) return;
        if (naiveMatch(narrow, subject)) assert(naiveMatch(wide, subject));
      },
    ),
    { numRuns: 3000 },
  );
});

Deno.test("covers() knows the common cases", () => {
  const cases: [string, string, boolean][] = [
    ["a", "a", true],
    ["a.*", "a.b", true],
    ["a.*", "a.*", true],
    ["a.>", "a.*", true],
    ["a.>", "a.b.>", true],
    [">", "a", true],
    ["a.b", "a.*", false],
    ["a.*", "a.>", false],
    ["a.>", "a", false],
    ["*", "a.b", false],
    ["*.b", "a.*", false],
  ];
  for (const [wide, narrow, wanted] of cases) {
    assert.equal(covers(fromLatin1(wide), fromLatin1(narrow)), wanted);
  }
});
