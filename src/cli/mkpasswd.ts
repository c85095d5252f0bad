/**
 * `midge mkpasswd`: makes a password and its bcrypt hash for a configuration,
 * or the hash of a password somebody has, as gnatsd's tool of that name did.
 */

import { COSTS, hashPassword, MAX_PASSWORD_BYTES } from "../auth/bcrypt.ts";
import { errorText } from "../error_text.ts";
import { ConfigError } from "../errors.ts";
import { writeStderr } from "../log.ts";
import type { FlagValues } from "./flag_table.ts";
import {
  flagHelp,
  numberFlag,
  parseCommandLine,
  switchFlag,
} from "./flag_table.ts";

/** Standard input as far as it is used. */
export interface PasswordInput {
  /** Whether somebody types. */
  isTerminal(): boolean;
  /** Switches echo and line editing of the terminal off or on. */
  setRaw(raw: boolean): void;
  /** Reads some bytes; `null` at the end. */
  read(target: Uint8Array): Promise<number | null>;
}

/** Where `mkpasswd` reads and writes; tests give their own. */
export interface Streams {
  /** Where a password comes from. */
  readonly input: PasswordInput;
  /** Writes a line of what was asked for. */
  print(line: string): void;
  /** Writes prompts, warnings and errors. */
  warn(text: string): void;
}

const FLAGS = {
  ask: switchFlag(
    ["p"],
    "Hash a password of your own: asked for, or one line from a pipe",
  ),
  cost: numberFlag(
    ["c"],
    "COST",
    `Cost of the hash, ${COSTS.min} to ${COSTS.max} (default ${COSTS.default})`,
    {
      initial: COSTS.default,
      problem: (cost) =>
        Number.isInteger(cost) && cost >= COSTS.min && cost <= COSTS.max
          ? null
          : `must be from ${COSTS.min} to ${COSTS.max}`,
    },
  ),
  help: switchFlag(["h", "help"], "Show this text"),
};

const USAGE = "Usage: midge mkpasswd [-p] [-c COST]";
const HELP = `${USAGE}

Makes a random password and its bcrypt hash. Put the hash into the
configuration as the password of a user, or as the token.

${flagHelp(FLAGS).trimEnd()}`;

const ALPHABET =
  "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!@$#%^&*()";
const LENGTH = 22;
/** Begins as a flag does, and is none. */
const NO_FLAG = /^(---|--?=)/;
/** Longest line taken from a pipe, in bytes. */
const MAX_LINE = 64 * 1024;

const SYSTEM: Streams = {
  input: Deno.stdin,
  print(line) {
    // deno-lint-ignore no-console -- What the user asked to be printed.
    console.log(line);
  },
  warn: writeStderr,
};

/** Somebody pressed Ctrl-C, or Ctrl-D before typing. */
class Cancelled extends Error {
  override readonly name = "Cancelled";
}

/**
 * Runs with the arguments behind the word `mkpasswd` and returns the exit code.
 * Never throws for what a user can get wrong.
 */
export async function mkpasswd(
  args: readonly string[],
  streams: Streams = SYSTEM,
): Promise<number> {
  const { print, warn } = streams;
  let request: FlagValues<typeof FLAGS>;
  try {
    request = parse(args);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    warn(`midge mkpasswd: ${error.message}\n${USAGE}\n`);
    return 1;
  }
  if (request.help) {
    print(HELP);
    return 0;
  }
  try {
    const password = request.ask
      ? await askedPassword(streams)
      : randomPassword();
    const hash = await hashPassword(password, request.cost);
    if (!request.ask) print(`pass: ${password}`);
    print(`bcrypt hash: ${hash}`);
    return 0;
  } catch (error) {
    if (error instanceof Cancelled) return 130;
    warn(`Error, ${errorText(error)}\n`);
    return 1;
  }
}

/** A password of 22 characters, each as likely as any other: 135 bits. */
export function randomPassword(): string {
  // Bytes from here on would favour the beginning of the alphabet.
  const fair = 256 - 256 % ALPHABET.length;
  let password = "";
  while (password.length < LENGTH) {
    for (const byte of crypto.getRandomValues(new Uint8Array(LENGTH))) {
      if (byte < fair && password.length < LENGTH) {
        password += ALPHABET[byte % ALPHABET.length];
      }
    }
  }
  return password;
}

/** What the arguments ask for. Throws `ConfigError`, which repeats no word. */
function parse(args: readonly string[]): FlagValues<typeof FLAGS> {
  if (!args.some((word) => NO_FLAG.test(word))) {
    const { flags, words } = parseCommandLine(FLAGS, args);
    if (words.length === 0) return flags;
  }
  throw new ConfigError(
    "unexpected argument: a password is asked for, or piped in, with -p",
  );
}

/** A password from the terminal, typed twice, or from a pipe. */
async function askedPassword({ input, warn }: Streams): Promise<string> {
  const password = input.isTerminal()
    ? await typedTwice(input, warn)
    : await pipedLine(input);
  if (password === "") throw new ConfigError("the password is empty");
  const { length } = new TextEncoder().encode(password);
  if (length > MAX_PASSWORD_BYTES) {
    warn(
      `Warning, only the first ${MAX_PASSWORD_BYTES} bytes of a password count, this one has ${length}\n`,
    );
  }
  return password;
}

/** The first line of what is piped in, without its line end. */
async function pipedLine(input: PasswordInput): Promise<string> {
  const bytes: number[] = [];
  const chunk = new Uint8Array(1024);
  while (!bytes.includes(0x0a)) {
    const n = await input.read(chunk);
    if (n === null) break;
    bytes.push(...chunk.subarray(0, n));
    if (bytes.length > MAX_LINE) throw new ConfigError("the line is too long");
  }
  try {
    const decoder = new TextDecoder("utf-8", { fatal: true });
    const [line] = decoder.decode(new Uint8Array(bytes)).split("\n");
    return line.replace(/\r$/, "");
  } catch {
    throw new ConfigError("the password is not UTF-8");
  }
}

async function typedTwice(
  input: PasswordInput,
  warn: (text: string) => void,
): Promise<string> {
  const restore = silence(input);
  try {
    const terminal = new Terminal(input);
    const lines: string[] = [];
    for (const prompt of ["Enter Password: ", "Reenter Password: "]) {
      warn(prompt);
      try {
        lines.push(await terminal.line());
      } finally {
        warn("\n");
      }
    }
    if (lines[0] === lines[1]) return lines[0];
    throw new ConfigError("passwords do not match");
  } finally {
    restore();
  }
}

/** Switches echo off; returns how to switch it on again, which signals do too. */
function silence(input: PasswordInput): () => void {
  const stop = () => {
    input.setRaw(false);
    Deno.exit(1);
  };
  const signals: Deno.Signal[] = Deno.build.os === "windows"
    ? []
    : ["SIGTERM", "SIGHUP"];
  for (const signal of signals) Deno.addSignalListener(signal, stop);
  input.setRaw(true);
  return () => {
    input.setRaw(false);
    for (const signal of signals) Deno.removeSignalListener(signal, stop);
  };
}

/** Lines typed at a terminal that neither shows nor edits them itself. */
class Terminal {
  readonly #input: PasswordInput;
  readonly #decoder = new TextDecoder();
  /** Typed, or pasted, beyond the line that was asked for. */
  #ahead = "";

  constructor(input: PasswordInput) {
    this.#input = input;
  }

  /** The next line as edited. Rejects with `Cancelled`. */
  async line(): Promise<string> {
    let typed: string[] = [];
    for (;;) {
      const keys = [...this.#ahead];
      for (let i = 0; i < keys.length; i++) {
        switch (keys[i]) {
          case "\r":
          case "\n":
            this.#ahead = keys.slice(i + 1).join("");
            return typed.join("");
          case "\x03": // Ctrl-C
            throw new Cancelled();
          case "\x04": // Ctrl-D
            if (typed.length === 0) throw new Cancelled();
            break;
          case "\x08":
          case "\x7f": // Backspace
            typed.pop();
            break;
          case "\x15": // Ctrl-U
            typed = [];
            break;
          default:
            if (keys[i] >= " ") typed.push(keys[i]);
        }
      }
      this.#ahead = await this.#read();
    }
  }

  async #read(): Promise<string> {
    const chunk = new Uint8Array(1024);
    const n = await this.#input.read(chunk);
    if (n === null) throw new Cancelled();
    const text = this.#decoder.decode(chunk.subarray(0, n), { stream: true });
    // Arrows and other keys without a character send sequences like `ESC [ A`.
    // deno-lint-ignore no-control-regex -- ESC is what they begin with.
    return text.replace(/\x1b(?:\[[0-9;]*[ -/]*[@-~]|O.)/g, "");
  }
}
