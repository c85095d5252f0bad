import assert from "node:assert/strict";
import { verifyPassword } from "../support/bcrypt.ts";
import type { Streams } from "../../src/cli/mkpasswd.ts";
import { mkpasswd, randomPassword } from "../../src/cli/mkpasswd.ts";

const USAGE = "Usage: midge mkpasswd [-p] [-c COST]\n";

/** Standard streams that a test fills and reads. */
class TestStreams implements Streams {
  readonly input;
  /** Whether the terminal was silent, at each read and at the end. */
  readonly raw: boolean[] = [];
  printed = "";
  warned = "";

  constructor(chunks: readonly (string | Uint8Array)[], terminal: boolean) {
    const rest = chunks.map((chunk) =>
      typeof chunk === "string" ? new TextEncoder().encode(chunk) : chunk
    );
    let silent = false;
    this.input = {
      isTerminal: () => terminal,
      setRaw: (raw: boolean) => void (silent = raw),
      read: (target: Uint8Array) => {
        this.raw.push(silent);
        const chunk = rest.shift();
        if (chunk === undefined) return Promise.resolve(null);
        target.set(chunk);
        return Promise.resolve(chunk.length);
      },
    };
    this.silent = () => silent;
  }

  readonly silent: () => boolean;
  readonly print = (line: string): void => void (this.printed += `${line}\n`);
  readonly warn = (text: string): void => void (this.warned += text);
}

/** Types `keys` at a terminal and returns exit code and streams. */
async function type(...keys: (string | Uint8Array)[]) {
  const streams = new TestStreams(keys, true);
  const code = await mkpasswd(["-p", "-c", "4"], streams);
  assert(streams.raw.every(Boolean), "reads without echo");
  assert(!streams.silent(), "the terminal is as before");
  return { code, streams };
}

async function pipe(...chunks: (string | Uint8Array)[]) {
  const streams = new TestStreams(chunks, false);
  const code = await mkpasswd(["-p", "-c=4"], streams);
  assert(!streams.raw.some(Boolean));
  return { code, streams };
}

/** Asserts that the hash of `password`, and no more, was printed. */
async function assertHashOf(password: string, { printed }: TestStreams) {
  const [, hash] = /^bcrypt hash: (\$2a\$04\$.{53})\n$/.exec(printed) ?? [];
  assert(hash !== undefined, printed);
  assert(await verifyPassword(password, hash), "the hash is another's");
}

Deno.test("mkpasswd() makes a password and its hash", async () => {
  const streams = new TestStreams([], false);
  assert.equal(await mkpasswd([], streams), 0);
  assert.equal(streams.warned, "");
  const [, password, hash] =
    /^pass: ([a-zA-Z0-9!@$#%^&*()]{22})\nbcrypt hash: (\$2a\$11\$.{53})\n$/
      .exec(streams.printed) ?? [];
  assert(await verifyPassword(password, hash));
});

Deno.test("randomPassword() uses every character about as often", () => {
  const counts = new Map<string, number>();
  for (let i = 0; i < 2000; i++) {
    const password = randomPassword();
    assert.equal(password.length, 22);
    for (const char of password) counts.set(char, (counts.get(char) ?? 0) + 1);
  }
  assert.equal(counts.size, 72);
  const expected = 2000 * 22 / 72;
  for (const [char, count] of counts) {
    assert(Math.abs(count - expected) < expected * 0.3, `${char}: ${count}`);
  }
});

Deno.test("mkpasswd() -p asks twice at a terminal", async () => {
  const { code, streams } = await type("T0pS3cr3t\r", "T0pS3cr3t\r");
  assert.equal(code, 0);
  assert.equal(streams.warned, "Enter Password: \nReenter Password: \n");
  await assertHashOf("T0pS3cr3t", streams);
});

Deno.test("mkpasswd() -p understands how people type", async (t) => {
  const bytes = new TextEncoder().encode("ü日🦟\r");
  for (
    const [name, password, keys] of [
      ["key by key", "ab", ["a", "b", "\r", "a", "b", "\n"]],
      ["both lines pasted at once", "ab", ["ab\rab\r"]],
      ["backspace", "ab", ["\x7fax\x7fb\x08b\r", "ab\r"]],
      ["backspace over a character of several bytes", "ab", [
        "a🦟\x7fb\r",
        "ab\r",
      ]],
      ["Ctrl-U", "ab", ["oops\x15ab\r", "ab\r"]],
      ["arrows and other keys", "ab", ["a\x1b[D\x1b[1;5C\x1bOPb\t\r", "ab\r"]],
      ["Ctrl-D within a line", "ab", ["a\x04b\r", "ab\r"]],
      ["a character in pieces", "ü日🦟", [
        ...[...bytes].map((byte) => Uint8Array.of(byte)),
        bytes,
      ]],
    ] as const
  ) {
    await t.step(name, async () => {
      const { code, streams } = await type(...keys);
      assert.equal(code, 0, streams.warned);
      await assertHashOf(password, streams);
    });
  }
});

Deno.test("mkpasswd() -p refuses passwords that differ, and none", async () => {
  const differ = await type("one\r", "two\r");
  assert.equal(differ.code, 1);
  assert.match(
    differ.streams.warned,
    /\nError, passwords do not match\n$/,
  );
  const none = await type("\r", "\r");
  assert.equal(none.code, 1);
  assert.match(none.streams.warned, /\nError, the password is empty\n$/);
  assert.equal(differ.streams.printed + none.streams.printed, "");
});

Deno.test("mkpasswd() -p stops at Ctrl-C, Ctrl-D and a closed terminal", async () => {
  for (const keys of [["ab\x03"], ["\x04"], ["ab\r", "\x03"], ["ab"]]) {
    const { code, streams } = await type(...keys);
    assert.equal(code, 130);
    assert.equal(streams.printed, "");
    assert.match(streams.warned, /: \n$/);
  }
});

Deno.test("mkpasswd() -p takes one line from a pipe", async () => {
  for (
    const [password, chunks] of [
      ["T0pS3cr3t", ["T0pS3cr3t\n"]],
      ["T0pS3cr3t", ["T0pS3cr3t\r\n"]],
      ["no line end", ["no line", " end"]],
      [" blanks stay\t", [" blanks stay\t\nnext\n"]],
      ["\r", ["\r\r\n"]],
    ] as const
  ) {
    const { code, streams } = await pipe(...chunks);
    assert.equal(code, 0, streams.warned);
    assert.equal(streams.warned, "");
    await assertHashOf(password, streams);
  }
});

Deno.test("mkpasswd() -p says what is wrong with a line from a pipe", async () => {
  for (
    const [message, ...chunks] of [
      ["the password is empty"],
      ["the password is empty", "\n"],
      ["the password is not UTF-8", Uint8Array.of(0xff, 0x0a)],
      ["the line is too long", ...Array(65).fill("x".repeat(1024))],
    ] as const
  ) {
    const { code, streams } = await pipe(...chunks);
    assert.equal(code, 1);
    assert.equal(streams.warned, `Error, ${message}\n`);
  }
});

Deno.test("mkpasswd() warns that only 72 bytes of a password count", async () => {
  const { code, streams } = await pipe(`${"ü".repeat(36)}x\n`);
  assert.equal(code, 0);
  assert.equal(
    streams.warned,
    "Warning, only the first 72 bytes of a password count, this one has 73\n",
  );
  await assertHashOf("ü".repeat(36), streams);
});

Deno.test("mkpasswd() says in one line what is wrong with its arguments", async () => {
  for (
    const [message, ...args] of [
      ["flag provided but not defined: -x", "-x"],
      ["flag needs an argument: -c", "-p", "-c"],
      ['invalid value "x" for flag -c: parse error: not a number', "-c", "x"],
      ['invalid value "3" for flag -c: must be from 4 to 31', "-c", "3"],
      ['invalid value "32" for flag -c: must be from 4 to 31', "--c=32"],
      [
        'invalid boolean value "x" for -p: parse error: neither true nor false',
        "-p=x",
      ],
      [
        "unexpected argument: a password is asked for, or piped in, with -p",
        "-p",
        "T0pS3cr3t",
      ],
      [
        "unexpected argument: a password is asked for, or piped in, with -p",
        "-p",
        "---T0pS3cr3t",
      ],
    ]
  ) {
    const streams = new TestStreams([], false);
    assert.equal(await mkpasswd(args, streams), 1);
    assert.equal(streams.warned, `midge mkpasswd: ${message}\n${USAGE}`);
    assert.equal(streams.printed, "");
  }
});

Deno.test("mkpasswd() -h shows help on standard output", async () => {
  const streams = new TestStreams([], false);
  assert.equal(await mkpasswd(["-h"], streams), 0);
  assert(streams.printed.startsWith(USAGE));
  assert.equal(streams.warned, "");
});

/** Runs a command on a terminal of its own, typing when it prompts. */
const TYPIST = `
import json, os, pty, signal, subprocess, sys, termios
typed, command = json.loads(sys.argv[1]), sys.argv[2:]
master, slave = pty.openpty()
echo = lambda: bool(termios.tcgetattr(slave)[3] & termios.ECHO)
child = subprocess.Popen(command, stdin=slave, stdout=subprocess.PIPE, stderr=slave, start_new_session=True)
shown, seen, silent = b"", 0, []
for prompt, keys in typed:
    while prompt.encode() not in shown[seen:]:
        shown += os.read(master, 4096)
    seen = len(shown)
    silent.append(not echo())
    if keys == "SIGTERM":
        child.send_signal(signal.SIGTERM)
    else:
        os.write(master, keys.encode())
out = child.stdout.read().decode()
code = child.wait()
os.set_blocking(master, False)
try:
    shown += os.read(master, 65536)
except BlockingIOError:
    pass
print(json.dumps({"code": code, "out": out, "shown": shown.decode(), "silent": all(silent), "echo": echo()}))
`;

function hasPython(): boolean {
  try {
    return new Deno.Command("python3", { args: ["-c", "import pty"] })
      .outputSync().success;
  } catch {
    return false;
  }
}

/** What became of `mkpasswd -p` on a terminal. */
interface Terminal {
  code: number;
  out: string;
  shown: string;
  /** Nothing typed was echoed. */
  silent: boolean;
  /** Afterwards things typed are echoed again. */
  echo: boolean;
}

async function onTerminal(
  ...typed: readonly (readonly [string, string])[]
): Promise<Terminal> {
  const main = new URL("../../src/cli/mkpasswd.ts", import.meta.url).href;
  const code = `import { mkpasswd } from "${main}";
    Deno.exit(await mkpasswd(["-p", "-c", "4"]));`;
  const file = await Deno.makeTempFile({ suffix: ".ts" });
  await Deno.writeTextFile(file, code);
  const command = ["run", "--quiet", "--no-prompt", "--no-lock", file];
  const { stdout, stderr } = await new Deno.Command("python3", {
    args: ["-c", TYPIST, JSON.stringify(typed), Deno.execPath(), ...command],
  }).output();
  await Deno.remove(file);
  assert.equal(new TextDecoder().decode(stderr), "");
  return JSON.parse(new TextDecoder().decode(stdout));
}

Deno.test({
  name:
    "mkpasswd -p on a real terminal shows nothing typed, and leaves it as it was",
  ignore: !hasPython(),
  async fn(t) {
    await t.step("a password", async () => {
      const { out, ...rest } = await onTerminal(
        ["Enter Password: ", "geheim\r"],
        ["Reenter Password: ", "geheim\r"],
      );
      assert.deepEqual(rest, {
        code: 0,
        shown: "Enter Password: \r\nReenter Password: \r\n",
        silent: true,
        echo: true,
      });
      const [, hash] = /^bcrypt hash: (.{60})\n$/.exec(out) ?? [];
      assert(await verifyPassword("geheim", hash));
    });
    await t.step("Ctrl-C", async () => {
      assert.deepEqual(await onTerminal(["Enter Password: ", "gehe\x03"]), {
        code: 130,
        out: "",
        shown: "Enter Password: \r\n",
        silent: true,
        echo: true,
      });
    });
    await t.step("SIGTERM", async () => {
      const { silent, echo } = await onTerminal([
        "Enter Password: ",
        "SIGTERM",
      ]);
      assert(silent && echo);
    });
  },
});
