/**
 * What `midge top` shows: readings in, lines of text out, laid out as nats-top
 * does it. Pure; everything that came from a server is made harmless here.
 */

import type { ConnectionFigures, Reading, Traffic } from "./top_samples.ts";
import { bytesText, countText, padded, shown, widthOf } from "./top_text.ts";

/** How connections are to be shown. */
export interface ViewOptions {
  /** What the server sorted by. */
  readonly sort: string;
  /** A column with the subjects listened to. */
  readonly subs: boolean;
  /** Plain numbers. */
  readonly rawBytes: boolean;
  /** Messages and bytes a second, not in all. */
  readonly rates: boolean;
  /** The name of an address, if one is known and wanted. */
  nameOf(ip: string): string | undefined;
}

/** A column of the table of connections. */
interface Column {
  readonly title: string;
  /** Least columns of a terminal. */
  readonly width: number;
  text(one: ConnectionFigures, view: ViewOptions, rate: Traffic | null): string;
}

/** Most columns a name or a host takes. */
const MAX_WIDTH = 48;
/** Between columns. */
const GAP = "  ";

const HOST: Column = { title: "HOST", width: 15, text: hostText };
const NAME: Column = {
  title: "NAME",
  width: 4,
  text: (one) => shown(one.name),
};

const COLUMNS: readonly Column[] = [
  HOST,
  { title: "CID", width: 6, text: (one) => String(one.cid) },
  NAME,
  { title: "SUBS", width: 6, text: (one) => String(one.subscriptions) },
  {
    title: "PENDING",
    width: 8,
    text: (one, { rawBytes }) => countText(one.pendingBytes, rawBytes),
  },
  traffic("MSGS_TO", "outMsgs", countText),
  traffic("MSGS_FROM", "inMsgs", countText),
  traffic("BYTES_TO", "outBytes", bytesText),
  traffic("BYTES_FROM", "inBytes", bytesText),
  { title: "LANG", width: 7, text: (one) => shown(one.lang) },
  { title: "VERSION", width: 7, text: (one) => shown(one.version) },
  { title: "UPTIME", width: 7, text: (one) => shown(one.uptime) },
  {
    title: "LAST_ACTIVITY",
    width: 24,
    text: (one) => shown(inMilliseconds(one.lastActivity)),
  },
];

/** Columns that are there only while the table is sorted by them. */
const BY_SORT: Readonly<Record<string, Column>> = {
  start: {
    title: "START",
    width: 24,
    text: (one) => shown(inMilliseconds(one.start)),
  },
  idle: { title: "IDLE", width: 7, text: (one) => shown(one.idle) },
  rtt: { title: "RTT", width: 12, text: (one) => shown(one.rtt) },
};

/** Facts of the server, six lines. */
export function headLines(reading: Reading, rawBytes: boolean): string[] {
  const { sample: { server }, rates } = reading;
  const name = server.serverName === server.serverId ? "" : server.serverName;
  const line = (
    way: string,
    [msgs, bytes]: [number, number],
    [msgsRate, bytesRate]: [number, number],
  ) =>
    `  ${way.padEnd(6)}Msgs: ${countText(msgs, rawBytes)}  ` +
    `Bytes: ${bytesText(bytes, rawBytes)}  ` +
    `Msgs/Sec: ${msgsRate.toFixed(1)}  ` +
    `Bytes/Sec: ${bytesText(bytesRate, rawBytes)}`;
  return [
    `NATS server version ${shown(server.version)} (uptime: ${
      shown(server.uptime)
    })`,
    `Server: ${shown(name)}`,
    `  ID:   ${shown(server.serverId)}`,
    `  Load: CPU:  ${server.cpu.toFixed(1)}%  ` +
    `Memory: ${bytesText(server.mem, false)}  ` +
    `Slow Consumers: ${server.slowConsumers}`,
    line("In:", [server.inMsgs, server.inBytes], [
      rates?.inMsgs ?? 0,
      rates?.inBytes ?? 0,
    ]),
    line("Out:", [server.outMsgs, server.outBytes], [
      rates?.outMsgs ?? 0,
      rates?.outBytes ?? 0,
    ]),
  ];
}

/** How many connections there are and which of them follow. */
export function countLine(reading: Reading, view: ViewOptions): string {
  const { connections, total } = reading.sample;
  return `Connections Polled: ${connections.length} of ${total}, by ${view.sort}${
    view.rates ? ", traffic per second" : ""
  }`;
}

/** The table of connections; its first line is the heading. */
export function tableLines(reading: Reading, view: ViewOptions): string[] {
  const rows = reading.sample.connections.map((one) => ({
    one,
    rate: reading.connectionRates.get(one.cid) ?? null,
  }));
  const columns = columnsFor(reading, view);
  const texts = columns.map((column) =>
    rows.map(({ one, rate }) => column.text(one, view, rate))
  );
  const widths = columns.map(({ title, width }, i) =>
    texts[i].reduce(
      (widest, text) => Math.max(widest, Math.min(widthOf(text), MAX_WIDTH)),
      Math.max(width, title.length),
    )
  );
  const line = (cells: readonly string[], end: string) =>
    `${GAP}${cells.map((cell, i) => padded(cell, widths[i])).join(GAP)}${end}`
      .trimEnd();
  return [
    line(columns.map(({ title }) => title), view.subs ? "  SUBSCRIPTIONS" : ""),
    ...rows.map(({ one }, row) =>
      line(texts.map((column) => column[row]), subjectsText(one, view))
    ),
  ];
}

/** Everything, for a file. */
export function plainText(reading: Reading, view: ViewOptions): string {
  return [
    ...headLines(reading, view.rawBytes),
    "",
    countLine(reading, view),
    ...tableLines(reading, view),
  ].join("\n") + "\n";
}

/** Everything, for a spreadsheet: cells between `delimiter`s. */
export function delimitedText(
  reading: Reading,
  view: ViewOptions,
  delimiter: string,
): string {
  const { connections } = reading.sample;
  const columns = columnsFor(reading, view, true);
  const subs = view.subs ? ["SUBSCRIPTIONS"] : [];
  const rows = [
    ...headRows(reading, view.rawBytes),
    [],
    ["Connections Polled:", String(connections.length)],
    [...columns.map(({ title }) => title), ...subs],
    ...connections.map((one) => [
      ...columns.map((column) =>
        column.text(one, view, reading.connectionRates.get(one.cid) ?? null)
      ),
      ...subs.map(() => one.subjects.map(shown).join("  ")),
    ]),
  ];
  return rows.map((cells) =>
    cells.map((cell) => quoted(cell, delimiter)).join(delimiter) + "\n"
  ).join("");
}

/** Everything, for programs; names as the endpoints have them. */
export function jsonOf(reading: Reading, view: ViewOptions): unknown {
  const { sample, seconds } = reading;
  return {
    interval_seconds: seconds,
    server: serverJson(reading),
    total: sample.total,
    sort: view.sort,
    connections: sample.connections.map((one) =>
      connectionJson(one, view, reading.connectionRates.get(one.cid) ?? null)
    ),
  };
}

/** The lines of `headLines`, in cells. */
function headRows(reading: Reading, raw: boolean): string[][] {
  const { sample: { server }, rates } = reading;
  const flow = (way: string, msgs: keyof Traffic, bytes: keyof Traffic) => [
    `${way}:`,
    "Msgs:",
    countText(server[msgs], raw),
    "Bytes:",
    bytesText(server[bytes], raw),
    "Msgs/Sec:",
    (rates?.[msgs] ?? 0).toFixed(1),
    "Bytes/Sec:",
    bytesText(rates?.[bytes] ?? 0, raw),
  ];
  const [version, uptime, name] = [
    shown(server.version),
    `(uptime: ${shown(server.uptime)})`,
    shown(server.serverName),
  ];
  const cpu = `${server.cpu.toFixed(1)}%`;
  const mem = bytesText(server.mem, false);
  const slow = String(server.slowConsumers);
  return [
    ["NATS server version", version, uptime],
    ["Server:", name],
    ["Load:", "CPU:", cpu, "Memory:", mem, "Slow Consumers:", slow],
    flow("In", "inMsgs", "inBytes"),
    flow("Out", "outMsgs", "outBytes"),
  ];
}

function serverJson({ sample: { server }, rates }: Reading): unknown {
  return {
    server_id: server.serverId,
    server_name: server.serverName,
    version: server.version,
    start: server.start,
    uptime: server.uptime,
    cpu: server.cpu,
    mem: server.mem,
    connections: server.connections,
    subscriptions: server.subscriptions,
    slow_consumers: server.slowConsumers,
    ...trafficJson(server),
    rates: rates && trafficJson(rates),
  };
}

function connectionJson(
  one: ConnectionFigures,
  view: ViewOptions,
  rates: Traffic | null,
): unknown {
  const host = view.nameOf(one.ip);
  return {
    cid: one.cid,
    ip: one.ip,
    port: one.port,
    ...(host === undefined ? {} : { host }),
    name: one.name,
    lang: one.lang,
    version: one.version,
    start: one.start,
    last_activity: one.lastActivity,
    uptime: one.uptime,
    idle: one.idle,
    rtt: one.rtt,
    pending_bytes: one.pendingBytes,
    subscriptions: one.subscriptions,
    ...(view.subs ? { subscriptions_list: one.subjects } : {}),
    ...trafficJson(one),
    rates: rates && trafficJson(rates),
  };
}

function trafficJson(traffic: Traffic): Record<string, number> {
  return {
    in_msgs: traffic.inMsgs,
    out_msgs: traffic.outMsgs,
    in_bytes: traffic.inBytes,
    out_bytes: traffic.outBytes,
  };
}

/** Names have a column if some connection has one, or `always`. */
function columnsFor(
  { sample: { connections } }: Reading,
  { sort }: ViewOptions,
  always = false,
): readonly Column[] {
  const named = always || connections.some(({ name }) => name !== "");
  const columns = named ? COLUMNS : COLUMNS.filter((one) => one !== NAME);
  const extra = BY_SORT[sort];
  return extra === undefined ? columns : [...columns, extra];
}

function traffic(
  title: string,
  what: keyof Traffic,
  format: (value: number, raw: boolean) => string,
): Column {
  return {
    title,
    width: 10,
    text(one, { rates, rawBytes }, rate) {
      if (!rates) return format(one[what], rawBytes);
      return rate === null ? "-" : format(rate[what], rawBytes);
    },
  };
}

function hostText(one: ConnectionFigures, view: ViewOptions): string {
  const name = view.nameOf(one.ip);
  if (name !== undefined) return shown(name);
  const ip = one.ip.includes(":") ? `[${one.ip}]` : one.ip;
  return shown(`${ip}:${one.port}`);
}

function subjectsText(one: ConnectionFigures, { subs }: ViewOptions): string {
  return subs ? `${GAP}${one.subjects.map(shown).join(", ")}` : "";
}

/** A time of up to nine fractional digits with three at most. */
function inMilliseconds(time: string): string {
  return time.replace(/(\.\d{3})\d+/, "$1");
}

/** Quoted as in CSV files, if it must be. */
function quoted(cell: string, delimiter: string): string {
  if (!cell.includes(delimiter) && !cell.includes('"')) return cell;
  return `"${cell.replaceAll('"', '""')}"`;
}
