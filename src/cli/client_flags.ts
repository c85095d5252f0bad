/** The flags that `midge pub`, `sub` and `req` share. */

import { parseDuration, ValueError } from "../config/value_types.ts";
import { headerBlock } from "../wire/headers.ts";
import type { Flag } from "./flag_table.ts";
import { switchFlag, textFlag } from "./flag_table.ts";

/** Longest that timers can wait. */
const MAX_TIMEOUT_MS = 2 ** 31 - 1;

/** What all commands have: where the server is and who is asking. */
export const CONNECTION_FLAGS = {
  server: textFlag(
    ["s", "server"],
    "URL,…",
    "Servers, the first that answers counts (default NATS_URL, else nats://127.0.0.1:4222)",
  ),
  user: textFlag(["user"], "USER", "User name"),
  password: textFlag(
    ["password"],
    "PASSWORD",
    "Password of the user (default NATS_PASSWORD)",
  ),
  token: textFlag(["token"], "TOKEN", "Token, instead of user and password"),
  nkey: textFlag(["nkey"], "FILE", "File with the seed of a user's nkey"),
  creds: textFlag(["creds"], "FILE", "File with a user's JWT and seed"),
  tls: switchFlag(["tls"], "Insist on TLS"),
  tlsfirst: switchFlag(["tlsfirst"], "Begin with TLS, before INFO"),
  tlsca: textFlag(
    ["tlsca"],
    "FILE",
    "Authorities to check the server against, PEM",
  ),
  tlscert: textFlag(["tlscert"], "FILE", "Certificate to show, PEM"),
  tlskey: textFlag(["tlskey"], "FILE", "Its private key, PEM"),
  tlsname: textFlag(
    ["tlsname"],
    "NAME",
    "Name the server's certificate must have, if not its host's",
  ),
  insecure: switchFlag(["insecure"], "Trust any certificate"),
  timeoutMs: {
    names: ["timeout"],
    value: "TIME",
    help: "Longest wait for server or answer, as in 500ms (default 5s)",
    initial: 5000,
    parse(text: string): number {
      const ms = parseDuration(text);
      if (ms > 0 && ms <= MAX_TIMEOUT_MS) return ms;
      throw new ValueError("must be more than 0 and at most 596h");
    },
  },
  help: switchFlag(["h", "help"], "Show this text"),
};

/** Headers of a message, in order. */
export const HEADER_FLAG: Flag<readonly (readonly [string, string])[]> = {
  names: ["H", "header", "headers"],
  value: "'NAME: VALUE'",
  help: "Add a header; may be repeated",
  initial: [],
  parse(text, before) {
    const [, name, value] = /^([^:]+):(.*)$/s.exec(text) ?? [];
    if (name === undefined) throw new ValueError("write it as 'NAME: VALUE'");
    const header = [name, value.trim()] as const;
    try {
      headerBlock([header]);
    } catch (error) {
      throw new ValueError((error as Error).message);
    }
    return [...before, header];
  },
};
