/** The settings outside of blocks; `setting.ts` says what the columns mean. */

import type { Setting } from "./setting.ts";
import * as auth from "./auth_values.ts";
import * as types from "./value_types.ts";

/** Who the server is and where it listens. */
export const SERVER: readonly Setting[] = [
  {
    key: "listen",
    type: types.listen,
    target: "server",
    parts: ["host", "port"],
    help: "Address and port for clients",
  },
  {
    key: "host",
    aliases: ["net"],
    type: types.text,
    target: "server.host",
    help: "Address to listen on for clients",
    flag: { names: ["a", "addr", "net"], value: "HOST", group: "Server" },
  },
  {
    key: "port",
    type: types.port,
    target: "server.port",
    help: "Port to listen on for clients, -1 for a free one",
    flag: { names: ["p", "port"], value: "PORT", group: "Server" },
  },
  {
    key: "server_name",
    type: types.text,
    target: "server.serverName",
    help: "Unique name of this server, instead of its id",
    flag: {
      names: ["n", "name", "server_name"],
      value: "NAME",
      group: "Server",
    },
  },
  {
    key: "server_tags",
    type: types.texts,
    target: "server.serverTags",
    help: "Labels that monitoring shows",
    reloadable: true,
  },
  {
    key: "client_advertise",
    type: types.text,
    target: "server.clientAdvertise",
    help: "Address to tell clients instead of the listening one",
    reloadable: true,
    flag: { names: ["client_advertise"], value: "HOST:PORT", group: "Server" },
  },
  {
    key: "pid_file",
    aliases: ["pidfile"],
    type: types.text,
    target: "process.pidFile",
    help: "File to write the process id to",
    reloadable: true,
    flag: { names: ["P", "pid"], value: "FILE", group: "Server" },
  },
  {
    key: "ports_file_dir",
    type: types.text,
    target: "process.portsFileDir",
    help: "Directory for a file that lists the ports in use",
    reloadable: true,
    flag: { names: ["ports_file_dir"], value: "DIR", group: "Server" },
  },
  {
    key: "lame_duck_duration",
    type: types.lameDuckDuration,
    target: "server.lameDuckDurationMs",
    help: "Time over which lame duck mode closes the clients",
  },
  {
    key: "lame_duck_grace_period",
    type: types.duration,
    target: "server.lameDuckGracePeriodMs",
    help: "Time lame duck mode waits before it closes the first",
  },
  {
    key: "no_header_support",
    type: types.boolean,
    target: "server.noHeaderSupport",
    help: "Refuse message headers",
  },
  {
    key: "allow_non_tls",
    type: types.boolean,
    target: "server.allowNonTls",
    help: "With TLS, serve clients without it, too",
    reloadable: true,
  },
];

/** What a client may use up. */
export const LIMITS: readonly Setting[] = [
  {
    key: "max_connections",
    aliases: ["max_conn"],
    type: types.integer,
    target: "server.maxConnections",
    help: "Client connections at one time",
    reloadable: true,
  },
  {
    key: "max_subscriptions",
    aliases: ["max_subs"],
    type: types.integer,
    target: "server.maxSubscriptions",
    help: "Subscriptions a client may hold, 0 for any number",
  },
  {
    key: "max_sub_tokens",
    aliases: ["max_subscription_tokens"],
    type: types.integer,
    target: "server.maxSubTokens",
    help: "Tokens the subject of a subscription may have",
  },
  {
    key: "max_control_line",
    type: types.size,
    target: "server.maxControlLine",
    help: "Longest argument part of a protocol line",
    reloadable: true,
  },
  {
    key: "max_payload",
    type: types.size,
    target: "server.maxPayload",
    help: "Largest message, header block included",
    reloadable: true,
  },
  {
    key: "max_pending",
    aliases: ["max_pending_size"],
    type: types.size,
    target: "server.maxPendingBytes",
    help: "Unsent bytes at which a client is a slow consumer",
  },
  {
    key: "max_closed_clients",
    type: types.integer,
    target: "server.maxClosedClients",
    help: "Closed connections remembered for monitoring",
  },
  {
    key: "write_deadline",
    type: types.duration,
    target: "server.writeDeadlineMs",
    help: "Time without progress at which a client is a slow consumer",
    reloadable: true,
  },
  {
    key: "ping_interval",
    type: types.duration,
    target: "server.pingIntervalMs",
    help: "Pause between PINGs to a quiet client",
    reloadable: true,
  },
  {
    key: "ping_max",
    type: types.integer,
    target: "server.pingMax",
    help: "PINGs that may go unanswered",
    reloadable: true,
  },
];

/** What is logged, and where to. */
export const LOGGING: readonly Setting[] = [
  {
    key: "log_file",
    aliases: ["logfile"],
    type: types.text,
    target: "log.logFile",
    help: "File to append the log to",
    reloadable: true,
    flag: { names: ["l", "log"], value: "FILE", group: "Logging" },
  },
  {
    key: "logfile_size_limit",
    aliases: ["log_size_limit"],
    type: types.size,
    target: "log.logfileSizeLimit",
    help: "Size at which the log file is set aside, 0 for never",
    reloadable: true,
    flag: { names: ["log_size_limit"], value: "BYTES", group: "Logging" },
  },
  {
    key: "logfile_max_num",
    aliases: ["log_max_num"],
    type: types.integer,
    target: "log.logfileMaxNum",
    help: "Log files kept, the current one included, 0 for all",
    reloadable: true,
  },
  {
    key: "logtime",
    type: types.boolean,
    target: "log.logtime",
    help: "Write date and time",
    reloadable: true,
    flag: { names: ["T", "logtime"], group: "Logging" },
  },
  {
    key: "logtime_utc",
    type: types.boolean,
    target: "log.logtimeUtc",
    help: "Write them in UTC",
    reloadable: true,
    flag: { names: ["logtime_utc"], group: "Logging" },
  },
  {
    key: "syslog",
    type: types.boolean,
    target: "log.syslog",
    help: "Log to the syslog of this machine",
    reloadable: true,
    flag: { names: ["s", "syslog"], group: "Logging" },
  },
  {
    key: "remote_syslog",
    type: types.text,
    target: "log.remoteSyslog",
    help: "Log to this syslog: udp://host:514, tcp://host:514",
    reloadable: true,
    flag: { names: ["r", "remote_syslog"], value: "URL", group: "Logging" },
  },
  {
    key: "debug",
    type: types.boolean,
    target: "log.debug",
    help: "Log the life of connections",
    reloadable: true,
    flag: { names: ["D", "debug"], group: "Logging" },
  },
  {
    key: "trace",
    type: types.boolean,
    target: "log.trace",
    help: "Log every protocol operation",
    reloadable: true,
    flag: { names: ["V", "trace"], group: "Logging" },
  },
  {
    key: "trace_verbose",
    type: types.enabling,
    target: "log.trace",
    help: "As trace; there is no more to it here",
    reloadable: true,
    flag: { names: ["VV"], group: "Logging" },
  },
  {
    key: "max_traced_msg_len",
    type: types.integer,
    target: "server.maxTracedMsgLen",
    help: "Bytes of a payload that the trace shows, 0 for all",
    reloadable: true,
    flag: { names: ["max_traced_msg_len"], value: "BYTES", group: "Logging" },
  },
];

/** Monitoring over HTTP. */
export const MONITORING: readonly Setting[] = [
  {
    key: "http",
    type: types.listen,
    target: "server.monitor",
    parts: ["host", "port"],
    help: "Address and port for monitoring",
  },
  {
    key: "https",
    type: types.listen,
    target: "server.monitor",
    parts: ["host", "httpsPort"],
    help: "Address and port for monitoring over TLS",
  },
  {
    key: "http_port",
    aliases: ["monitor_port"],
    type: types.port,
    target: "server.monitor.port",
    help: "Port for monitoring, -1 for a free one",
    flag: { names: ["m", "http_port"], value: "PORT", group: "Server" },
  },
  {
    key: "https_port",
    type: types.port,
    target: "server.monitor.httpsPort",
    help: "Port for monitoring over TLS",
    flag: { names: ["ms", "https_port"], value: "PORT", group: "Server" },
  },
  {
    key: "http_base_path",
    type: types.text,
    target: "server.monitor.basePath",
    help: "Path in front of every endpoint",
  },
];

/** Accounts, and who is in them. */
export const ACCOUNTS: readonly Setting[] = [
  {
    key: "accounts",
    type: auth.accounts,
    target: "server.accounts",
    help: "Subject spaces of their own: users, limits, exports, imports",
    reloadable: true,
  },
  {
    key: "system_account",
    aliases: ["system"],
    type: types.text,
    target: "server.systemAccount",
    help: "Account the server itself speaks in",
  },
  {
    key: "no_auth_user",
    type: types.text,
    target: "server.noAuthUser",
    help: "User that clients are that say nothing of themselves",
    reloadable: true,
  },
];
