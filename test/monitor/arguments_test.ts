import assert from "node:assert/strict";
import { ArgumentError } from "../../src/monitor/arguments.ts";
import { args } from "../support/snapshots.ts";

Deno.test("Arguments.boolean() takes Go's words for yes and no", () => {
  for (const word of ["1", "t", "T", "TRUE", "true", "True"]) {
    assert.equal(args(`a=${word}`).boolean("a"), true, word);
  }
  for (const word of ["0", "f", "F", "FALSE", "false", "False", ""]) {
    assert.equal(args(`a=${word}`).boolean("a"), false, word);
  }
  assert.equal(args("").boolean("a"), false);
});

Deno.test("Arguments take the first of several and 0 for nothing", () => {
  assert.equal(args("a=5&a=x").integer("a"), 5);
  assert.equal(args("a=").integer("a"), 0);
  assert.equal(args("").unsigned("a"), 0);
  assert.equal(args("a=-7").integer("a"), -7);
  assert.equal(args("a=%2B7").integer("a"), 7);
  assert.equal(args("a=9223372036854775807").integer("a"), 2 ** 53 - 1);
  assert.equal(args("a=DETAIL").detail("a"), "detail");
  assert.equal(args("a=1").detail("a"), true);
});

Deno.test("Arguments complain in the official words", () => {
  const huge = "9".repeat(50_000);
  const cases: [() => unknown, string][] = [
    [
      () => args("auth=2").boolean("auth"),
      `Error decoding boolean for 'auth': strconv.ParseBool: parsing "2": invalid syntax`,
    ],
    [
      () => args("subs=7").detail("subs"),
      `Error decoding boolean for 'subs': strconv.ParseBool: parsing "7": invalid syntax`,
    ],
    [
      () => args("limit=abc").integer("limit"),
      `Error decoding int for 'limit': strconv.Atoi: parsing "abc": invalid syntax`,
    ],
    [
      () => args("limit=1.5").integer("limit"),
      `Error decoding int for 'limit': strconv.Atoi: parsing "1.5": invalid syntax`,
    ],
    [
      () => args("offset=9223372036854775808").integer("offset"),
      `Error decoding int for 'offset': strconv.Atoi: parsing "9223372036854775808": value out of range`,
    ],
    [
      () => args(`offset=${huge}`).integer("offset"),
      `Error decoding int for 'offset': strconv.Atoi: parsing "${huge}": value out of range`,
    ],
    [
      () => args("cid=-1").unsigned("cid"),
      `Error decoding uint64 for 'cid': strconv.ParseUint: parsing "-1": invalid syntax`,
    ],
    [
      () => args("cid=18446744073709551616").unsigned("cid"),
      `Error decoding uint64 for 'cid': strconv.ParseUint: parsing "18446744073709551616": value out of range`,
    ],
  ];
  for (const [read, message] of cases) {
    assert.throws(read, new ArgumentError(message));
  }
});
