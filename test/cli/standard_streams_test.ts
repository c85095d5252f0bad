import assert from "node:assert/strict";

const STREAMS = new URL("../../src/cli/standard_streams.ts", import.meta.url);

/** Runs `argv` with a non-blocking pipe, as Node makes them, and reads late. */
const LATE_READER = `
import os, subprocess, sys, time
r, w = os.pipe()
os.set_blocking(w, False)
child = subprocess.Popen(sys.argv[1:], stdout=w)
os.close(w)
while True:
    time.sleep(0.001)
    chunk = os.read(r, 65536)
    if not chunk: break
    sys.stdout.buffer.write(chunk)
sys.exit(child.wait())
`;

function hasPython(): boolean {
  try {
    return new Deno.Command("python3", { args: ["-V"] }).outputSync().success;
  } catch {
    return false;
  }
}

/** Texts of many sizes, with and without line ends. */
function* texts(): Generator<string> {
  const sizes = [1, 300, 1023, 1024, 1025, 4095, 4096, 4097, 30_000];
  for (let i = 0; i < 400; i++) {
    const text = String(i % 10).repeat(sizes[i % sizes.length]);
    yield i % 3 === 0 ? text : i % 3 === 1 ? `${text}\n` : `a\n${text}`;
  }
}

Deno.test({
  name: "print() loses and doubles nothing on a full pipe that does not block",
  ignore: !hasPython(),
  async fn() {
    const script = `import { print } from "${STREAMS}";
      ${texts}
      for (const text of texts()) print(text);`;
    const { code, stdout } = await new Deno.Command("python3", {
      args: [
        ...["-c", LATE_READER, Deno.execPath()],
        ...["eval", "--quiet", "--ext=ts", script],
      ],
    }).output();
    assert.equal(code, 0);
    const expected = [...texts()].join("");
    assert(new TextDecoder().decode(stdout) === expected, `${stdout.length}`);
  },
});
