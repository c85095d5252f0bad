/**
 * The address of a cluster: in files one to listen on like any other, as a flag
 * a URL that may say what other servers must give (config-and-monitoring §4.2).
 */

import type { ValueType } from "./value_types.ts";
import { listen, ValueError } from "./value_types.ts";

/** What a flag replaces of a file, by the option within the cluster. */
const REPLACED: Readonly<Record<string, undefined>> = {
  host: undefined,
  port: undefined,
  "authorization.user": undefined,
  "authorization.password": undefined,
};

/**
 * A port, or `host:port`. As a flag also `nats://user:password@host:port`: it
 * stands for all of that, and empty for no cluster at all.
 */
export const address: ValueType = {
  takes: listen.takes,
  read: (node, warn) => listen.read(node, warn),
  parse(value): Readonly<Record<string, unknown>> {
    if (value === "") return { ...REPLACED, routes: [] };
    const [, scheme = "nats", login, where] =
      /^(?:([^:/]*):\/\/)?(?:(.*)@)?([^@/]*)\/?$/s.exec(value) ?? [];
    if (where === undefined) throw new ValueError("write nats://host:port");
    if (!["nats", "nats-route", "tls"].includes(scheme.toLowerCase())) {
      throw new ValueError(
        `unknown scheme "${scheme}": write nats://host:port`,
      );
    }
    const text = /^-?\d+$/.test(where) ? `:${where}` : where;
    if (!/:[^\]]*$/.test(text)) {
      throw new ValueError("missing port in address: write nats://host:port");
    }
    return { ...REPLACED, ...listen.parse(text) as object, ...loginOf(login) };
  },
};

/** `user:password`, with percent escapes; none is fine, half of it is not. */
function loginOf(text: string | undefined): Readonly<Record<string, string>> {
  if (text === undefined) return {};
  const [, user, password = ""] = /^([^:]*)(?::(.*))?$/s.exec(text) ?? [];
  if (!user) throw new ValueError("expected cluster user to be set");
  if (password === "") {
    throw new ValueError("expected cluster password to be set");
  }
  return {
    "authorization.user": unescape(user),
    "authorization.password": unescape(password),
  };
}

function unescape(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // A stray "%": meant as written.
  }
}
