/**
 * The connection of a command to its server: which one, with which login and
 * certificates, and in plain words why there is none. Loads TLS and nkeys only
 * where flags ask for them.
 */

import type { ConnectOptions } from "../client/client.ts";
import { Client } from "../client/client.ts";
import {
  ClosedError,
  ConfigError,
  ServerError,
  TimeoutError,
  TlsError,
} from "../errors.ts";
import { environment, granted } from "../permission.ts";
import { ConnectionError } from "./client_command.ts";
import type { CONNECTION_FLAGS } from "./client_flags.ts";
import type { Authenticate } from "./credentials.ts";
import type { FlagValues } from "./flag_table.ts";
import { durationText } from "./message_text.ts";
import { OutputClosed } from "./standard_streams.ts";

/** What the flags of a connection come to. */
export type ConnectionValues = FlagValues<typeof CONNECTION_FLAGS>;

/** What CONNECT says to servers that refuse whoever insists on headers. */
const WITHOUT_HEADERS = { headers: false, no_responders: false };
const DEFAULT_SERVER = "nats://127.0.0.1:4222";

/**
 * Connects, does `work` and closes. Rejects with `ConfigError`,
 * `ConnectionError`, or what `work` rejects with: if the connection ended
 * meanwhile, with the reason for that.
 */
export async function withClient<Result>(
  values: ConnectionValues,
  work: (client: Client) => Promise<Result>,
): Promise<Result> {
  const { client, address } = await connect(values);
  try {
    return await work(client);
  } catch (error) {
    await client.close();
    const reason = await client.closed;
    if (reason === null) throw error;
    const known = reason instanceof ServerError ||
      reason instanceof OutputClosed;
    if (known) throw reason;
    const cause = reason instanceof ClosedError
      ? "closed by the server"
      : reason.message;
    throw new ConnectionError(`connection to ${address} lost: ${cause}`);
  } finally {
    await client.close();
  }
}

/** Throws `ConfigError` when there are headers the server would not take. */
export function checkHeaders(
  { info }: Client,
  headers: readonly unknown[],
): void {
  if (headers.length === 0 || info.headers) return;
  throw new ConfigError("flag -H: server does not take headers");
}

/** A connection, and where it leads. */
interface Session {
  readonly client: Client;
  readonly address: string;
}

/** The first server that answers. */
async function connect(values: ConnectionValues): Promise<Session> {
  const servers = serversOf(values);
  const options: ConnectOptions = {
    ...await loginOf(values),
    tls: await tlsOf(values),
    timeoutMs: values.timeoutMs,
    name: "midge",
  };
  const failures: string[] = [];
  for (const url of servers) {
    const address = addressOf(url);
    try {
      const client = await Client.connect({ ...options, server: url.href });
      return { client, address };
    } catch (error) {
      if (error instanceof ConfigError) throw error;
      if (error instanceof ServerError) {
        throw new ConnectionError(refusal(error, url, values));
      }
      const reason = options.tls === undefined
        ? reasonOf(error as Error, address)
        : tlsReasonOf(error as Error, address, values);
      // One that answers, but not as it should, is not passed over in silence.
      if (error instanceof TlsError) {
        throw new ConnectionError(`no TLS with ${address}: ${reason}`);
      }
      failures.push(`cannot connect to ${address}: ${reason}`);
    }
  }
  const hint = values.server === "" ? serverHint() : "";
  throw new ConnectionError(`${failures.join("; ")}${hint}`);
}

/** URLs to try, at least one. Throws `ConfigError`, which shows no password. */
function serversOf({ server, tls }: ConnectionValues): URL[] {
  const source = server === "" ? "variable NATS_URL" : "flag -server";
  const text = server || environment("NATS_URL") || DEFAULT_SERVER;
  return text.split(",").map((one) => {
    const trimmed = one.trim();
    const scheme = trimmed.includes("://") ? "" : tls ? "tls://" : "nats://";
    try {
      const url = new URL(scheme + trimmed);
      decodeURIComponent(url.username + url.password);
      if (/^(nats|tls):$/.test(url.protocol) && url.hostname !== "") return url;
    } catch {
      // The reason would show all of it.
    }
    const shown = trimmed.slice(trimmed.lastIndexOf("@") + 1);
    throw new ConfigError(
      `${source}: "${shown}" is not a server: write it as in nats://host:4222 or tls://host:4222`,
    );
  });
}

/** Throws `ConfigError`. */
async function loginOf(values: ConnectionValues): Promise<ConnectOptions> {
  const { user, password, token, nkey, creds } = values;
  if (password !== "" && user === "") {
    throw new ConfigError("flag -password needs -user");
  }
  const given = Object.entries({ user, token, nkey, creds })
    .filter(([, value]) => value !== "").map(([name]) => `-${name}`);
  if (given.length > 1) {
    throw new ConfigError(`flags ${given.join(" and ")} exclude each other`);
  }
  let authenticate: Authenticate | undefined;
  if (nkey !== "" || creds !== "") {
    const { credsLogin, nkeyLogin } = await import("./credentials.ts");
    authenticate = await (nkey !== "" ? nkeyLogin(nkey) : credsLogin(creds));
  }
  const secret = password || environment("NATS_PASSWORD");
  return {
    user: user || undefined,
    pass: user === "" ? undefined : secret,
    token: token || undefined,
    authenticate: async (info) => ({
      ...(info.headers ? {} : WITHOUT_HEADERS),
      ...await authenticate?.(info),
    }),
  };
}

/** Loads nothing where no flag says how. Rejects with `ConfigError`. */
async function tlsOf(values: ConnectionValues): Promise<ConnectOptions["tls"]> {
  const { tls, tlsca, tlscert, tlskey, tlsname, insecure, tlsfirst } = values;
  const texts = [tlsca, tlscert, tlskey, tlsname];
  const given = insecure || tlsfirst || texts.some((text) => text !== "");
  if (!given) return tls || undefined;
  return (await import("./client_tls.ts")).readTls(values);
}

function reasonOf(error: Error, address: string): string {
  if (error instanceof Deno.errors.NotCapable) {
    return `not permitted: run with --allow-net=${address}`;
  }
  if (error instanceof TimeoutError) {
    return `no answer within ${durationText(error.timeoutMs)}`;
  }
  if (error instanceof ClosedError) return "closed by the server";
  if (error instanceof Deno.errors.ConnectionRefused) {
    return "connection refused";
  }
  return error.message.replace(/^Cannot connect: | \(os error \d+\)$/g, "");
}

function tlsReasonOf(
  error: Error,
  address: string,
  values: ConnectionValues,
): string {
  const certificate = certificateOf(values);
  if (error instanceof ClosedError) {
    return `closed by the server, which may not like ${certificate}`;
  }
  return /fatal alert: \w*(Certificate|CA|AccessDenied)/.test(error.message)
    ? `refused by the server, which does not like ${certificate}`
    : reasonOf(error, address);
}

/** What a server that verifies clients may be at odds with. */
function certificateOf({ tlscert }: ConnectionValues): string {
  return tlscert === "" ? "that there is no -tlscert" : "the -tlscert";
}

function refusal(
  { text }: ServerError,
  url: URL,
  values: ConnectionValues,
): string {
  const said = `refused by ${addressOf(url)}: ${text}`;
  if (!/^Authorization/i.test(text)) return said;
  const { user, password, token, nkey, creds } = values;
  const unknown = password === "" && !environment("NATS_PASSWORD");
  if (user !== "" && unknown) {
    const permit = granted({ name: "env", variable: "NATS_PASSWORD" })
      ? ""
      : " (and --allow-env)";
    return `${said}; the password comes from -password or NATS_PASSWORD${permit}`;
  }
  const { username } = url;
  return [user, token, nkey, creds, username].some((one) => one !== "")
    ? said
    : `${said}; log in with -user, -token, -nkey or -creds`;
}

function serverHint(): string {
  return granted({ name: "env", variable: "NATS_URL" })
    ? "; -server or NATS_URL names another"
    : "; -server names another, as does NATS_URL with --allow-env=NATS_URL";
}

function addressOf({ host, port }: URL): string {
  return port === "" ? `${host}:4222` : host;
}
