/**
 * Which user a client certificate names: mail addresses, host names and URIs
 * before the subject (client-protocol §9, `verify_and_map`).
 */

import type { PeerCertificate } from "../transport/transport.ts";

/**
 * The first of `users`, names with whatever belongs to them, that the
 * certificate names and that is `allowed`; `null` if it names none. Parts of
 * a subject may come in any order.
 */
export function certificateUser<User>(
  certificate: PeerCertificate,
  users: ReadonlyMap<string, User>,
  allowed: (user: User) => boolean,
): User | null {
  const { emails, dnsNames, uris, subject } = certificate;
  for (const name of [...emails, ...dnsNames, ...uris, subject]) {
    const user = name === "" ? undefined : users.get(name);
    if (user !== undefined && allowed(user)) return user;
  }
  const parts = canonicalName(subject);
  if (parts === "") return null;
  for (const [name, user] of users) {
    if (allowed(user) && canonicalName(name) === parts) return user;
  }
  return null;
}

/** `CN=derek, O=Some\, Inc.` with its parts sorted; empty if it is no name. */
function canonicalName(name: string): string {
  const parts = name.match(/(?:\\.|[^,\\])+/g) ?? [];
  const pairs = parts.map((part) => {
    const equals = part.indexOf("=");
    const type = part.slice(0, Math.max(equals, 0)).trim().toUpperCase();
    return type === "" ? "" : `${type}=${part.slice(equals + 1).trim()}`;
  });
  return pairs.includes("") ? "" : pairs.sort().join(",");
}
