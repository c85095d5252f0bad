/**
 * What `midge pub`, `sub` and `req` have in common: help, one line for what
 * went wrong, exit codes, and the arguments that make a message.
 */

import { ConfigError, PermissionError, ServerError } from "../errors.ts";
import { writeStderr } from "../log.ts";
import { isLiteralSubject, isValidSubject } from "../subject/subject.ts";
import { encodeUtf8 } from "../wire/ascii.ts";
import { CONNECTION_FLAGS } from "./client_flags.ts";
import type { CommandLine, FlagTable } from "./flag_table.ts";
import { flagHelp, parseCommandLine } from "./flag_table.ts";
import { OutputClosed, print } from "./standard_streams.ts";

/** One of the commands. */
export interface ClientCommand<Table extends FlagTable> {
  /** As it is called. */
  readonly name: string;
  /** Its arguments in usage. */
  readonly usage: string;
  /** What it does, for help. */
  readonly about: string;
  /** Flags of its own. */
  readonly flags: Table;
  /** Does it; returns the exit code. Rejects with what `runCommand` explains. */
  run(line: CommandLine<Table & typeof CONNECTION_FLAGS>): Promise<number>;
}

/** A request that nobody answered, or not often enough. */
export class UnansweredError extends Error {
  /** The class name. */
  override readonly name = "UnansweredError";
}

/** The connection could not be had, or was lost; the message says which and why. */
export class ConnectionError extends Error {
  /** The class name. */
  override readonly name = "ConnectionError";
}

/**
 * Runs a command with the arguments behind its name and returns the exit code.
 * Never throws for what a user can get wrong.
 */
export async function runCommand<Table extends FlagTable>(
  command: ClientCommand<Table>,
  args: readonly string[],
): Promise<number> {
  const table = { ...command.flags, ...CONNECTION_FLAGS };
  let line: CommandLine<Table & typeof CONNECTION_FLAGS>;
  try {
    line = parseCommandLine(
      table,
      args,
      "; arguments with a dash go behind --",
    );
    if (line.flags.help) {
      print(helpText(command));
      return 0;
    }
  } catch (error) {
    return fail(error, ` (midge ${command.name} -h lists the flags)`);
  }
  try {
    return await command.run(line);
  } catch (error) {
    return fail(error);
  }
}

/** What `-h` prints. */
function helpText(command: ClientCommand<FlagTable>): string {
  const { name, usage, about, flags } = command;
  return `Usage: midge ${name} [flags] ${usage}

${about}

${flagHelp(flags)}
Connection:
${flagHelp(CONNECTION_FLAGS)}`;
}

/** The subject and, if there is one, the payload of a message. */
export interface MessageWords {
  /** Without blanks and wildcards. */
  readonly subject: string;
  /** As it was given. */
  readonly payload: string | undefined;
}

/** Takes apart `SUBJECT [PAYLOAD]`. Throws `ConfigError`. */
export function messageWords(words: readonly string[]): MessageWords {
  const [subject, payload, ...rest] = words;
  checkSubject(subject);
  if (!isLiteralSubject(encodeUtf8(subject))) {
    throw new ConfigError(
      `subject "${subject}" has a wildcard: only subscriptions may have that`,
    );
  }
  if (rest.length > 0) {
    throw new ConfigError(
      `unexpected argument "${rest[0]}": a payload with blanks needs quotes`,
    );
  }
  return { subject, payload };
}

/** Throws `ConfigError` for what cannot be subscribed to. */
export function checkSubject(subject: string | undefined): void {
  if (subject === undefined) {
    throw new ConfigError("missing SUBJECT: -h shows the usage");
  }
  checkName("subject", subject);
  if (isValidSubject(encodeUtf8(subject))) return;
  throw new ConfigError(
    `subject "${subject}" has an empty token or something behind ">"`,
  );
}

/** Throws `ConfigError` for what cannot stand in a line of the protocol. */
export function checkName(what: string, name: string): void {
  if (name === "") throw new ConfigError(`${what} is empty`);
  if (!/[\0- \x7f]/.test(name)) return;
  throw new ConfigError(
    `${what} ${JSON.stringify(name)} has a blank or control character`,
  );
}

/** Says what a user got wrong. Throws what is no user's fault. */
function fail(error: unknown, hint = ""): number {
  // Whoever read our output has had enough: nothing is wrong.
  if (error instanceof OutputClosed) return 0;
  writeStderr(`midge: ${reasonOf(error)}${hint}\n`);
  return 1;
}

function reasonOf(error: unknown): string {
  if (error instanceof PermissionError) return error.text;
  if (error instanceof ServerError) return `server refused: ${error.text}`;
  const expected = error instanceof ConfigError ||
    error instanceof ConnectionError || error instanceof UnansweredError ||
    error instanceof RangeError;
  if (!expected) throw error;
  return error.message;
}
