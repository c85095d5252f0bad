import assert from "node:assert/strict";
import {
  countTokens,
  isLiteralSubject,
  isValidSubject,
} from "../../src/subject/subject.ts";
import { fromLatin1 } from "../../src/wire/ascii.ts";

Deno.test("isValidSubject() wants no empty token and > last", () => {
  for (
    const good of ["a", "a.b", "*", ">", "a.*.>", "a*", ">b", "**", "\xff.\0"]
  ) {
    assert(isValidSubject(fromLatin1(good)), good);
  }
  for (const bad of ["", ".", "a.", ".a", "a..b", ">.a", "a.>.b"]) {
    assert(!isValidSubject(fromLatin1(bad)), bad);
  }
});

Deno.test("isLiteralSubject() wants no wildcard token", () => {
  for (const good of ["a", "a.b", "a*", ">b", "**", ">>"]) {
    assert(isLiteralSubject(fromLatin1(good)), good);
  }
  for (const bad of ["", "a.", "*", ">", "a.*", "a.>", "a.*.b"]) {
    assert(!isLiteralSubject(fromLatin1(bad)), bad);
  }
});

Deno.test("countTokens() counts empty ones too", () => {
  assert.equal(countTokens(fromLatin1("a")), 1);
  assert.equal(countTokens(fromLatin1("a.b.c")), 3);
  assert.equal(countTokens(fromLatin1("a..")), 3);
});
