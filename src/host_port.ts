/** Addresses as text: `host:port`, with brackets around IPv6. */

/** Joins them; `host` is without brackets. */
export function hostPort(host: string, port: number): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Splits `host:port`; a port of 0 if there is none. */
export function splitHostPort(text: string): [string, number] {
  const colon = text.lastIndexOf(":");
  return colon < 0
    ? [text, 0]
    : [text.slice(0, colon).replace(/^\[|\]$/g, ""), +text.slice(colon + 1)];
}
