/**
 * The settings of the blocks `authorization`, `tls` and `cluster`, the first
 * two also within the third; `setting.ts` says what the columns mean.
 */

import type { Setting, SettingFlag } from "./setting.ts";
import * as auth from "./auth_values.ts";
import * as cluster from "./cluster_values.ts";
import * as types from "./value_types.ts";

/** An `authorization` block. */
export const AUTHORIZATION: readonly Setting[] = [
  {
    key: "user",
    aliases: ["username"],
    type: types.text,
    target: "user",
    help: "Name to give",
    reloadable: true,
  },
  {
    key: "password",
    aliases: ["pass"],
    type: types.text,
    target: "password",
    help: "Password to give, plain or as a bcrypt hash",
    reloadable: true,
  },
  {
    key: "token",
    type: types.text,
    target: "token",
    help: "Token to give instead, plain or as a bcrypt hash",
    reloadable: true,
  },
  {
    key: "timeout",
    type: types.seconds,
    target: "timeoutMs",
    help: "Seconds until they must have been given",
    reloadable: true,
  },
];

/** What only the `authorization` block at the top has. */
export const USERS: readonly Setting[] = [
  {
    key: "users",
    type: auth.users,
    target: "users",
    help: "Users: name and password or nkey, and what they may do",
    reloadable: true,
  },
  {
    key: "max_failures",
    type: types.integer,
    target: "maxFailures",
    help: "Logins that may fail from one address within a minute, 0 for any",
    reloadable: true,
  },
  {
    key: "default_permissions",
    aliases: ["default_permission", "permissions"],
    type: auth.permissions,
    target: "defaultPermissions",
    help: "What users without permissions of their own may do",
    reloadable: true,
  },
];

/** A `tls` block. */
export const TLS: readonly Setting[] = [
  {
    key: "cert_file",
    type: types.text,
    target: "certFile",
    help: "Certificate of the server, PEM",
    reloadable: true,
  },
  {
    key: "key_file",
    type: types.text,
    target: "keyFile",
    help: "Its private key, PEM",
    reloadable: true,
  },
  {
    key: "ca_file",
    type: types.text,
    target: "caFile",
    help: "Authorities that client certificates are checked against, PEM",
    reloadable: true,
  },
  {
    key: "verify",
    type: types.boolean,
    target: "verify",
    help: "Demand a client certificate",
    reloadable: true,
  },
  {
    key: "verify_and_map",
    type: types.boolean,
    target: "verifyAndMap",
    help: "Demand one, and take the user from it",
    reloadable: true,
  },
  {
    key: "timeout",
    type: types.seconds,
    target: "timeoutMs",
    help: "Seconds a handshake may take",
    reloadable: true,
  },
  {
    key: "handshake_first",
    aliases: ["first", "immediate"],
    type: types.handshakeFirst,
    target: "handshakeFirst",
    help: "The handshake comes before INFO",
    reloadable: true,
  },
  {
    key: "pinned_certs",
    type: types.texts,
    target: "pinnedCerts",
    help: "Client certificates to accept: SHA-256 of their public keys, hex",
    reloadable: true,
  },
  {
    key: "min_version",
    type: types.tlsVersion,
    target: "minVersion",
    help: "Oldest TLS version spoken",
    reloadable: true,
  },
  {
    key: "cipher_suites",
    type: types.texts,
    target: "cipherSuites",
    help: "TLS 1.2 suites to offer, by their IANA names",
    reloadable: true,
  },
];

/** The `tls` block of a cluster: both sides show certificates, first of all. */
export const ROUTE_TLS: readonly Setting[] = [
  ...TLS.filter(({ key }) =>
    key !== "verify_and_map" && key !== "handshake_first"
  ),
  {
    key: "insecure",
    type: types.boolean,
    target: "insecure",
    help: "Dial without checking whose certificate it is",
    reloadable: true,
  },
];

/** The `cluster` block, without the blocks in it. */
export const CLUSTER: readonly Setting[] = [
  {
    key: "listen",
    type: cluster.address,
    target: "",
    parts: ["host", "port"],
    help: "Address and port for routes",
  },
  {
    key: "host",
    aliases: ["net"],
    type: types.text,
    target: "host",
    help: "Address to listen on for routes",
  },
  {
    key: "port",
    type: types.port,
    target: "port",
    help: "Port to listen on for routes, -1 for a free one",
  },
  {
    key: "name",
    type: types.text,
    target: "name",
    help: "Name that all servers of the cluster share",
  },
  {
    key: "advertise",
    aliases: ["cluster_advertise"],
    type: types.text,
    target: "advertise",
    help: "Address to tell other servers instead of the listening one",
    reloadable: true,
  },
  {
    key: "no_advertise",
    type: types.boolean,
    target: "noAdvertise",
    help: "Do not tell clients about other servers",
    reloadable: true,
  },
  {
    key: "routes",
    type: types.texts,
    target: "routes",
    help: "Servers to connect to: nats://host:port",
    reloadable: true,
  },
  {
    key: "connect_retries",
    type: types.integer,
    target: "connectRetries",
    help: "How often to retry a discovered server",
    reloadable: true,
  },
  {
    key: "permissions",
    type: auth.clusterPermissions,
    target: "permissions",
    help: "Subjects that servers ask each other for: import and export",
  },
];

/** Flags of the top-level `authorization` block, by setting. */
export const AUTHORIZATION_FLAGS: Readonly<Record<string, SettingFlag>> = {
  user: { names: ["user"], value: "USER", group: "Authorization" },
  password: { names: ["pass"], value: "PASSWORD", group: "Authorization" },
  token: { names: ["auth"], value: "TOKEN", group: "Authorization" },
};

/** Flags of the top-level `tls` block, by setting. */
export const TLS_FLAGS: Readonly<Record<string, SettingFlag>> = {
  cert_file: { names: ["tlscert"], value: "FILE", group: "TLS" },
  key_file: { names: ["tlskey"], value: "FILE", group: "TLS" },
  verify: { names: ["tlsverify"], group: "TLS" },
  ca_file: { names: ["tlscacert"], value: "FILE", group: "TLS" },
};

/** Flags of the `cluster` block, by setting. */
export const CLUSTER_FLAGS: Readonly<Record<string, SettingFlag>> = {
  routes: { names: ["routes"], value: "URLS", group: "Cluster" },
  listen: {
    names: ["cluster", "cluster_listen"],
    value: "URL",
    group: "Cluster",
  },
  name: { names: ["cluster_name"], value: "NAME", group: "Cluster" },
  advertise: {
    names: ["cluster_advertise"],
    value: "HOST:PORT",
    group: "Cluster",
  },
  no_advertise: { names: ["no_advertise"], group: "Cluster" },
  connect_retries: {
    names: ["connect_retries"],
    value: "NUMBER",
    group: "Cluster",
  },
};
