/**
 * Settings and flags that nats-server has and midge does not: they are refused
 * by name, never taken for a mistake and never ignored. Names:
 * config-and-monitoring §2, §4.2.
 */

import type { FixedSetting } from "./setting.ts";

/** Outside of blocks. */
export const REFUSED: readonly string[] = [
  "connect_error_reports",
  "default_js_domain",
  "default_sentinel",
  "disable_sublist_cache",
  "feature_flags",
  "gateway",
  "jetstream",
  "leaf",
  "leafnodes",
  "mappings",
  "maps",
  "mqtt",
  "no_fast_producer_stall",
  "no_sublist_cache",
  "no_sys_acc",
  "no_system",
  "no_system_account",
  "ocsp",
  "ocsp_cache",
  "operator",
  "operators",
  "prof_block_rate",
  "prof_port",
  "proxies",
  "proxy_protocol",
  "reconnect_error_reports",
  "resolver",
  "resolver_pinned_accounts",
  "resolver_preload",
  "resolver_tls",
  "root",
  "root_operator",
  "root_operators",
  "roots",
  "server_metadata",
  "store_dir",
  "trace_headers",
  "trusted",
  "trusted_keys",
  "websocket",
  "write_timeout",
  "ws",
];

/** In an `authorization` block. */
export const REFUSED_IN_AUTHORIZATION: readonly string[] = [
  "auth_callout",
  "auth_hook",
  "proxy_required",
];

/** In the `authorization` block of a cluster. */
export const REFUSED_IN_ROUTE_AUTHORIZATION: readonly string[] = [
  ...REFUSED_IN_AUTHORIZATION,
  "default_permission",
  "default_permissions",
  "permissions",
  "token",
  "users",
];

/** In any `tls` block. */
const REFUSED_IN_ANY_TLS: readonly string[] = [
  "allow_insecure_cipher_suites",
  "ca_certs_match",
  "cert_match",
  "cert_match_by",
  "cert_match_skip_invalid",
  "cert_store",
  "certs",
  "connection_rate_limit",
  "curve_preferences",
  "ocsp_peer",
  "verify_cert_and_check_known_urls",
];

/** In the `tls` block at the top: clients are not dialled. */
export const REFUSED_IN_TLS: readonly string[] = [
  ...REFUSED_IN_ANY_TLS,
  "insecure",
];

/** In the `tls` block of a cluster: servers have no users, nor a choice. */
export const REFUSED_IN_ROUTE_TLS: readonly string[] = [
  ...REFUSED_IN_ANY_TLS,
  "first",
  "handshake_first",
  "immediate",
  "verify_and_map",
];

/** In a `cluster` block, unless they say what midge does anyway. */
export const FIXED_IN_CLUSTER: readonly FixedSetting[] = [
  {
    key: "pool_size",
    values: [-1],
    reason: "midge has one route to each server, which is pool_size: -1",
  },
  {
    key: "compression",
    values: ["off", false, "disabled", "accept", "not supported"],
    reason: "midge does not compress routes, which is compression: off",
  },
];

/** In a `cluster` block. */
export const REFUSED_IN_CLUSTER: readonly string[] = [
  "accounts",
  "connect_backoff",
  "ping_interval",
  "ping_max",
  "write_deadline",
  "write_timeout",
];

/** On the command line. */
export const REFUSED_FLAGS: readonly string[] = [
  "jetstream",
  "js",
  "profile",
];
