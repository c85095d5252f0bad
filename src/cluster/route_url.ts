/**
 * Where another server accepts routes: `nats-route://user:pass@host:port`, as
 * configured or as servers tell each other.
 */

import { hostPort } from "../host_port.ts";

/** An address to dial. */
export interface RouteUrl {
  /** Host name or IP address, without brackets. */
  readonly host: string;
  /** From 1 to 65535. */
  readonly port: number;
  /** Empty: none. */
  readonly user: string;
  /** Empty: none. */
  readonly pass: string;
  /** It asks for TLS. */
  readonly tls: boolean;
  /** `host:port`: what tells it from others, and how the log names it. */
  readonly text: string;
}

/** What a route was dialled for. */
export interface RouteTarget {
  /** The address. */
  readonly url: RouteUrl;
  /** Configured; otherwise other servers told about it. */
  readonly explicit: boolean;
}

/** Schemes that mean a route; the first is what midge writes. */
const SCHEMES = ["nats-route", "nats", "tls"];
/** Where routes are accepted unless an address says otherwise. */
const DEFAULT_PORT = 6222;

/**
 * Reads an address; the scheme may be missing. `null` if it is none: no host,
 * a port of 0 or another scheme.
 */
export function parseRouteUrl(text: string): RouteUrl | null {
  const [, scheme = "nats", rest] = /^(?:([^:/]+):\/\/)?(.*)$/.exec(text) ?? [];
  if (rest === undefined || !SCHEMES.includes(scheme.toLowerCase())) {
    return null;
  }
  // A scheme that browsers know gives host names their usual checks.
  const url = URL.parse(`http://${rest}`);
  if (url === null || url.hostname === "") return null;
  // Parsed again: `http` swallows its own port.
  const { port } = URL.parse(`nats://${rest}`) ?? url;
  return routeUrl(url.hostname.replace(/^\[|\]$/g, ""), {
    port: port === "" ? DEFAULT_PORT : Number(port),
    user: unescape(url.username),
    pass: unescape(url.password),
    tls: scheme.toLowerCase() === "tls",
  });
}

/** Puts an address together; `null` if the port cannot be dialled. */
export function routeUrl(
  host: string,
  { port, user = "", pass = "", tls = false }:
    & Pick<RouteUrl, "port">
    & Partial<RouteUrl>,
): RouteUrl | null {
  if (!(port > 0 && port <= 65535)) return null;
  const text = hostPort(host, port);
  return Object.freeze({ host, port, user, pass, tls, text });
}

/** `nats-route://host:port/`, as servers tell it to each other. */
export function gossipedUrl({ text }: Pick<RouteUrl, "text">): string {
  return `${SCHEMES[0]}://${text}/`;
}

/** An address as configured, for the log: what is no address may have a password. */
export function redactedUrl(text: string): string {
  return text.replace(/^([^:/]*:\/\/)?.*@/s, "$1…@");
}

/** Undoes percent escapes; what is malformed stays as it is. */
function unescape(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // A stray "%" in a password: meant as written.
    return text;
  }
}
