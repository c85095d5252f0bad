import assert from "node:assert/strict";
import { base32, crc16, newServerId } from "../../src/auth/nkey.ts";

const ascii = (text: string) => new TextEncoder().encode(text);

Deno.test("crc16() is CRC-16/XMODEM", () => {
  assert.equal(crc16(ascii("123456789")), 0x31c3);
  assert.equal(crc16(ascii("")), 0);
});

Deno.test("base32() agrees with RFC 4648, without padding", () => {
  const cases = [
    "",
    "MY",
    "MZXQ",
    "MZXW6",
    "MZXW6YQ",
    "MZXW6YTB",
    "MZXW6YTBOI",
  ];
  cases.forEach((text, length) =>
    assert.equal(base32(ascii("foobar".slice(0, length))), text)
  );
});

Deno.test("newServerId() is a valid public server nkey, new each time", () => {
  const id = newServerId();
  assert.match(id, /^N[A-Z2-7]{55}$/);
  assert.notEqual(id, newServerId());
  let bits = "";
  for (const character of id) {
    bits += "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(character).toString(2)
      .padStart(5, "0");
  }
  const raw = Uint8Array.from(
    { length: 35 },
    (_, i) => parseInt(bits.slice(8 * i, 8 * i + 8), 2),
  );
  assert.equal(crc16(raw.subarray(0, 33)), raw[33] | raw[34] << 8);
});
