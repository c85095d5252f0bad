/**
 * The JSON of the protocol: INFO as the server sends it, CONNECT as clients do
 * (client-protocol §1.2 and §2). Pure: text in, checked values out.
 */

import { errorText } from "../error_text.ts";
import { FrameError } from "../errors.ts";
import { VERSION } from "../version.ts";
import { decodeUtf8, encodeUtf8 } from "./ascii.ts";

/** What INFO tells a client; fields left `undefined` are not sent. */
export interface Info {
  /** Public nkey of this run of the server. */
  server_id: string;
  /** Configured name, else the id. */
  server_name: string;
  /** nats-server level. */
  version: string;
  /** 1: clients may be sent INFO at any time. */
  proto: 1;
  /** The run-time; nobody reads it. */
  go: string;
  /** Address clients are told. */
  host: string;
  /** Port clients are told. */
  port: number;
  /** HPUB and HMSG are understood. */
  headers: boolean;
  /** Largest message, in bytes. */
  max_payload: number;
  /** CONNECT needs credentials. */
  auth_required?: boolean | undefined;
  /** TLS must begin right after this. */
  tls_required?: boolean | undefined;
  /** Clients must show a certificate then. */
  tls_verify?: boolean | undefined;
  /** TLS may begin right after this. */
  tls_available?: boolean | undefined;
  /** `cid` of this connection. */
  client_id?: number | undefined;
  /** Address of this client as the server sees it. */
  client_ip?: string | undefined;
  /** To be signed by nkey users. */
  nonce?: string | undefined;
  /** Name of the cluster the server is in. */
  cluster?: string | undefined;
  /** Where else to connect. */
  connect_urls?: readonly string[] | undefined;
  /** The server is about to leave. */
  ldm?: boolean | undefined;
  /** JetStream API level of the nats-server level. */
  api_lvl?: number | undefined;
  /** This is the INFO that answers CONNECT. */
  connect_info?: boolean | undefined;
  /** Name of the account the client is in. */
  remote_account?: string | undefined;
  /** Whether that is the system account. */
  acc_is_sys?: boolean | undefined;
}

/** `INFO <json> \r\n`; the blank before the line end is really there. */
export function infoLine(info: Info): Uint8Array<ArrayBuffer> {
  return encodeUtf8(`INFO ${JSON.stringify(info)} \r\n`);
}

/** What a line `INFO {…}` says. Throws `FrameError` if it is not one. */
export function parseInfo(line: string): Info {
  try {
    return JSON.parse(/^INFO (.*)/.exec(line)?.[1] ?? "");
  } catch (cause) {
    throw new FrameError("Cannot parse INFO", { cause });
  }
}

/** Who connects. */
export interface Login {
  /** User name. */
  readonly user?: string | undefined;
  /** Password. */
  readonly pass?: string | undefined;
  /** Token, instead of user and password. */
  readonly token?: string | undefined;
  /** Name the server shows for this connection. */
  readonly name?: string | undefined;
  /** Whether own messages come back to own subscriptions; default `true`. */
  readonly echo?: boolean | undefined;
}

/**
 * `CONNECT {…}`, without its line end, of one who has all the protocol offers.
 * What `login` does not say is taken from the URL of the server: a user and
 * password, or a token. `extra` fields go over all others.
 */
export function connectLine(
  { user, pass, token, name, echo = true }: Login,
  { username, password }: URL,
  extra: Readonly<Record<string, unknown>>,
): string {
  const [urlUser, urlPass] = [username, password].map(decodeURIComponent);
  const fields = {
    ...{ verbose: false, pedantic: false, headers: true, protocol: 1 },
    ...{ no_responders: true, lang: "midge", version: VERSION, name, echo },
    ...(user ?? pass ?? token) !== undefined
      ? { user, pass, auth_token: token }
      : urlPass === ""
      ? { auth_token: urlUser || undefined }
      : { user: urlUser, pass: urlPass },
    ...extra,
  };
  return `CONNECT ${JSON.stringify(fields)}`;
}

/** What a client said in CONNECT, with the protocol's defaults. */
export interface ClientConnect {
  /** Wants `+OK` for every operation that succeeds. */
  verbose: boolean;
  /** Wants publish subjects checked. */
  pedantic: boolean;
  /** Wants its own messages too. */
  echo: boolean;
  /** Understands message headers. */
  headers: boolean;
  /** Wants a 503 when nobody gets its request; needs `headers`. */
  no_responders: boolean;
  /** 1: understands INFO at any time. */
  protocol: number;
  /** Informational. */
  tls_required: boolean;
  /** Language of the client library. */
  lang: string;
  /** Version of the client library. */
  version: string;
  /** What the client calls itself. */
  name: string;
  /** Credentials. */
  user: string;
  /** Credentials. */
  pass: string;
  /** Credentials. */
  auth_token: string;
  /** Public nkey of the user. */
  nkey: string;
  /** Signature of the nonce. */
  sig: string;
  /** User JWT. */
  jwt: string;
  /** No longer supported: refused when set. */
  account: string;
  /** No longer supported: refused when set. */
  new_account: boolean;
}

/** What counts before the first CONNECT, and for keys it leaves out. */
export const DEFAULT_CONNECT: Readonly<ClientConnect> = {
  verbose: true,
  pedantic: true,
  echo: true,
  headers: false,
  no_responders: false,
  protocol: 0,
  tls_required: false,
  lang: "",
  version: "",
  name: "",
  user: "",
  pass: "",
  auth_token: "",
  nkey: "",
  sig: "",
  jwt: "",
  account: "",
  new_account: false,
};

/**
 * Reads the JSON of a CONNECT over what the client said before; see
 * `readFields`.
 */
export function parseConnect(
  json: Uint8Array,
  before: Readonly<ClientConnect>,
): ClientConnect | string {
  return readFields("CONNECT", json, before);
}

/**
 * Reads the JSON of an operation over `before`, which has every field. Keys are
 * compared without case, unknown ones ignored, `null` leaves a field alone.
 *
 * Returns what is wrong, as text for the log, when the JSON is malformed or a
 * value has the wrong type.
 */
export function readFields<T extends object>(
  operation: string,
  json: Uint8Array,
  before: Readonly<T>,
): T | string {
  const given = readObject(operation, json);
  if (typeof given === "string") return given;
  const fields: Record<string, unknown> = { ...before };
  for (const [name, value] of Object.entries(given)) {
    const key = name.toLowerCase();
    if (!Object.hasOwn(before, key) || value === null) continue;
    const wanted = typeof before[key as keyof T];
    const wrong = wrongType(value, wanted);
    if (wrong !== null) return `invalid ${operation}: "${key}" ${wrong}`;
    fields[key] = value;
  }
  return fields as unknown as T;
}

/** The object in a JSON text, empty for `null`; else what is wrong with it. */
export function readObject(
  operation: string,
  json: Uint8Array,
): object | string {
  let value: unknown;
  try {
    value = JSON.parse(decodeUtf8(json));
  } catch (error) {
    return `invalid ${operation}: ${errorText(error)}`;
  }
  if (value === null) return {};
  if (typeof value !== "object" || Array.isArray(value)) {
    return `invalid ${operation}: not a JSON object`;
  }
  return value;
}

/** Why `value` is not of type `wanted`; `null` if it is. */
export function wrongType(value: unknown, wanted: string): string | null {
  const given: string = typeof value;
  if (given !== wanted) return `must be a ${wanted}`;
  return given === "number" && !Number.isInteger(value)
    ? "must be a whole number"
    : null;
}

/** base64url without padding, as nonces are written. */
export function base64Url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

/** Whether the bytes are JSON at all. */
export function isJson(bytes: Uint8Array): boolean {
  try {
    JSON.parse(decodeUtf8(bytes));
    return true;
  } catch {
    return false; // Which is the answer.
  }
}
