/**
 * Settings and flags that nats-server has and midge does not: they are refused
 * by name, never taken for a mistake and never ignored. Names:
 * config-and-monitoring §2, §4.2.
 */

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

/** In the \`authorization\` block of a cluster. */
export const REFUSED_IN_ROUTE_AUTHORIZATION: readonly string[] = [
  ...REFUSED_IN_AUTHORIZATION,
  "default_permission",
  "default_permissions",
  "permissions",
  "token",
  "users",
];

/** In a `tls` block. */
export const REFUSED_IN_TLS: readonly string[] = [
  "allow_insecure_cipher_suites",
  "ca_certs_match",
  "cert_match",
  "cert_match_by",
  "cert_match_skip_invalid",
  "cert_store",
  "certs",
  "connection_rate_limit",
  "curve_preferences",
  "insecure",
  "ocsp_peer",
  "verify_cert_and_check_known_urls",
];

/** In a `cluster` block. */
export const REFUSED_IN_CLUSTER: readonly string[] = [
  "accounts",
  "compression",
  "connect_backoff",
  "permissions",
  "ping_interval",
  "ping_max",
  "pool_size",
  "write_deadline",
  "write_timeout",
];

/** On the command line. */
export const REFUSED_FLAGS: readonly string[] = [
  "jetstream",
  "js",
  "profile",
  "sd",
  "store_dir",
];
