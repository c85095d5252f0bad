/**
 * The JSON between servers: INFO and CONNECT of routes (cluster-protocol §0.1,
 * §1.3). Pure: text in, checked values out.
 */

import { encodeUtf8 } from "./ascii.ts";
import { readFields, readObject, wrongType } from "./info.ts";

/** Subjects a route lets through one way. */
export interface RouteSubjects {
  /** `undefined`: all. */
  readonly allow?: readonly string[];
  /** `undefined`: none. */
  readonly deny?: readonly string[];
}

/**
 * INFO of a server to its routes. What a peer sent besides these is kept, so
 * that it can be passed on to other servers.
 */
export interface RouteInfo {
  /** Unique for each run of a server. */
  readonly server_id: string;
  /** Unique in the cluster. */
  readonly server_name: string;
  /** Of the software. */
  readonly version: string;
  /** 2: the route protocol with accounts. */
  readonly proto: number;
  /** Language and its version. */
  readonly go: string;
  /** Where its routes are accepted, as configured: often not dialable. */
  readonly host: string;
  /** Port for routes. */
  readonly port: number;
  /** Understands message headers. */
  readonly headers: boolean;
  /** Largest message of its clients, in bytes. */
  readonly max_payload: number;
  /** Routes must give credentials. */
  readonly auth_required?: boolean;
  /** Routes speak TLS. */
  readonly tls_required?: boolean;
  /** Routes show certificates. */
  readonly tls_verify?: boolean;
  /** Where to dial it: `nats-route://host:port/`. */
  readonly ip?: string;
  /** Name of the cluster; absent or empty: none. */
  readonly cluster?: string;
  /** That name was made up. */
  readonly cluster_dynamic?: boolean;
  /** `host:port` of its clients' port, and of its peers' too. */
  readonly connect_urls?: readonly string[];
  /** It is about to leave. */
  readonly ldm?: boolean;
  /** Interest it takes from its routes. */
  readonly import?: RouteSubjects;
  /** Interest its routes may have. */
  readonly export?: RouteSubjects;
  /** Number of a connection of clients: no route ever has one. */
  readonly client_id?: number;
  /** Noise of other kinds of connection: such an INFO is to be ignored. */
  readonly gateway?: string;
  /** Likewise. */
  readonly route_acc_add_reqid?: string;
  /** 1: do not tell others of this server; 2: always do. */
  readonly gossip_mode?: number;
}

/** CONNECT of the server that dialled. */
export interface RouteConnect {
  /** Its `server_id`. */
  readonly name: string;
  /** Name of the cluster; empty if it said none. */
  readonly cluster: string;
  /** That name was made up. */
  readonly cluster_dynamic: boolean;
  /** Credentials. */
  readonly user: string;
  /** Credentials. */
  readonly pass: string;
  /** Takes back messages for queues of which it was itself the last hope. */
  readonly echo: boolean;
  /** Understands message headers. */
  readonly headers: boolean;
  /** Informational. */
  readonly tls_required: boolean;
  /** Only clients say this: one on the wrong port. */
  readonly lang: string;
  /** Only gateways say this: likewise. */
  readonly gateway: string;
}

/** What a route INFO is when it says nothing, as in Go. */
const DEFAULT_INFO = {
  server_id: "",
  server_name: "",
  version: "",
  proto: 0,
  go: "",
  host: "",
  port: 0,
  headers: false,
  max_payload: 0,
} satisfies RouteInfo;

/** Types of the fields that count; `strings` and `subjects` besides JSON's. */
const INFO_TYPES: Readonly<Record<keyof RouteInfo, string>> = {
  server_id: "string",
  server_name: "string",
  version: "string",
  proto: "number",
  client_id: "number",
  go: "string",
  host: "string",
  port: "number",
  headers: "boolean",
  max_payload: "number",
  auth_required: "boolean",
  tls_required: "boolean",
  tls_verify: "boolean",
  ip: "string",
  cluster: "string",
  cluster_dynamic: "boolean",
  connect_urls: "strings",
  ldm: "boolean",
  import: "subjects",
  export: "subjects",
  gateway: "string",
  route_acc_add_reqid: "string",
  gossip_mode: "number",
};

/** What a CONNECT of a route is when it says nothing, as in Go. */
const DEFAULT_CONNECT: RouteConnect = {
  name: "",
  cluster: "",
  cluster_dynamic: false,
  user: "",
  pass: "",
  echo: false,
  headers: false,
  tls_required: false,
  lang: "",
  gateway: "",
};

/**
 * Reads the JSON of a route's INFO. Fields that every INFO has are filled in,
 * `null` is like absent, unknown fields stay as they are.
 *
 * Returns what is wrong, as text for the log, when the JSON is malformed or a
 * known field has the wrong type.
 */
export function parseRouteInfo(json: Uint8Array): RouteInfo | string {
  const given = readObject("INFO", json);
  if (typeof given === "string") return given;
  const fields: [string, unknown][] = Object.entries(DEFAULT_INFO);
  for (const [name, value] of Object.entries(given)) {
    const key = name.toLowerCase();
    if (!isInfoField(key)) {
      fields.push([name, value]);
      continue;
    }
    if (value === null) continue;
    const wrong = wrongInfoField(value, INFO_TYPES[key]);
    if (wrong !== null) return `invalid INFO: "${key}" ${wrong}`;
    fields.push([key, value]);
  }
  // Unlike assignments this keeps even a field named `__proto__` a field.
  return Object.fromEntries(fields) as unknown as RouteInfo;
}

/**
 * Reads the JSON of a route's CONNECT: keys without case, unknown ones ignored.
 * Returns what is wrong, as text for the log, like `parseRouteInfo`.
 */
export function parseRouteConnect(json: Uint8Array): RouteConnect | string {
  return readFields("CONNECT", json, DEFAULT_CONNECT);
}

/** `INFO <json> \r\n`; the blank before the line end is really there. */
export function routeInfoLine(info: RouteInfo): Uint8Array<ArrayBuffer> {
  return encodeUtf8(`INFO ${JSON.stringify(info)} \r\n`);
}

/**
 * `CONNECT <json>\r\n`. Left out, `echo` and `headers` are true; credentials
 * and `cluster_dynamic` are sent only if they say something.
 */
export function routeConnectLine(
  connect: Partial<RouteConnect> & Pick<RouteConnect, "name" | "cluster">,
): Uint8Array<ArrayBuffer> {
  const { user, pass } = connect;
  const json = {
    echo: connect.echo ?? true,
    verbose: false,
    pedantic: false,
    user: user === "" ? undefined : user,
    pass: pass === "" ? undefined : pass,
    tls_required: connect.tls_required ?? false,
    headers: connect.headers ?? true,
    name: connect.name,
    cluster: connect.cluster,
    cluster_dynamic: connect.cluster_dynamic === true ? true : undefined,
  };
  return encodeUtf8(`CONNECT ${JSON.stringify(json)}\r\n`);
}

function isInfoField(key: string): key is keyof RouteInfo {
  return Object.hasOwn(INFO_TYPES, key);
}

/** Why `value` is not of type `wanted`; `null` if it is. */
function wrongInfoField(value: unknown, wanted: string): string | null {
  switch (wanted) {
    case "strings":
      return isStrings(value) ? null : "must be a list of strings";
    case "subjects":
      return isSubjects(value) ? null : "must hold lists of subjects";
    default:
      return wrongType(value, wanted);
  }
}

function isStrings(value: unknown): boolean {
  return Array.isArray(value) &&
    value.every((item) => typeof item === "string");
}

function isSubjects(value: unknown): boolean {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return false;
  }
  const { allow, deny } = value as Record<string, unknown>;
  return (allow === undefined || isStrings(allow)) &&
    (deny === undefined || isStrings(deny));
}
