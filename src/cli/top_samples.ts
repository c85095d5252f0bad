/**
 * What one look at a server's `/varz` and `/connz` shows, and what two looks
 * tell about the time between them. Pure: no network, no clock.
 */

/** Messages and bytes, seen from the server: `in` came from the peer. */
export interface Traffic {
  readonly inMsgs: number;
  readonly outMsgs: number;
  readonly inBytes: number;
  readonly outBytes: number;
}

/** A server as `/varz` describes it. */
export interface ServerFigures extends Traffic {
  readonly serverId: string;
  readonly serverName: string;
  readonly version: string;
  readonly start: string;
  readonly uptime: string;
  /** Percent of one core. */
  readonly cpu: number;
  /** Resident bytes. */
  readonly mem: number;
  readonly connections: number;
  readonly subscriptions: number;
  readonly slowConsumers: number;
}

/** One connection as `/connz` describes it. */
export interface ConnectionFigures extends Traffic {
  readonly cid: number;
  readonly ip: string;
  readonly port: number;
  readonly name: string;
  readonly lang: string;
  readonly version: string;
  readonly start: string;
  readonly lastActivity: string;
  readonly uptime: string;
  readonly idle: string;
  readonly rtt: string;
  readonly pendingBytes: number;
  readonly subscriptions: number;
  /** Subjects listened to, sorted; empty unless asked for. */
  readonly subjects: readonly string[];
}

/** One look at a server. */
export interface Sample {
  /** When it was taken, by a clock that only runs forward. */
  readonly takenMs: number;
  readonly server: ServerFigures;
  /** One page, in the order asked for. */
  readonly connections: readonly ConnectionFigures[];
  /** How many connections the server has in all. */
  readonly total: number;
}

/** A look, and how fast figures rise, by the look before. */
export interface Reading {
  readonly sample: Sample;
  /** Since the look before; 0 at the first, or when the server is a new one. */
  readonly seconds: number;
  /** A second; `null` without a look before. */
  readonly rates: Traffic | null;
  /** A second, by cid; without those that the look before did not show. */
  readonly connectionRates: ReadonlyMap<number, Traffic>;
}

/** An answer that is no server's. */
export class AnswerError extends Error {
  /** The class name. */
  override readonly name = "AnswerError";
}

/** Reads the answers to `/varz` and `/connz`. Throws `AnswerError`. */
export function readSample(
  varz: unknown,
  connz: unknown,
  takenMs: number,
): Sample {
  const page = new Fields(connz, "/connz");
  const connections = page.list("connections").map(readConnection);
  return {
    takenMs,
    server: readServer(new Fields(varz, "/varz")),
    connections,
    total: page.number("total", connections.length),
  };
}

/** What `sample` says, with rates since `before` of the same server. */
export function readingOf(before: Sample | null, sample: Sample): Reading {
  if (
    before === null || before.takenMs >= sample.takenMs ||
    before.server.serverId !== sample.server.serverId ||
    before.server.start !== sample.server.start
  ) return { sample, seconds: 0, rates: null, connectionRates: new Map() };
  const seconds = (sample.takenMs - before.takenMs) / 1000;
  const old = new Map(before.connections.map((one) => [one.cid, one]));
  const connectionRates = new Map<number, Traffic>();
  for (const one of sample.connections) {
    const was = old.get(one.cid);
    if (was !== undefined) {
      connectionRates.set(one.cid, risen(was, one, seconds));
    }
  }
  return {
    sample,
    seconds,
    rates: risen(before.server, sample.server, seconds),
    connectionRates,
  };
}

function risen(before: Traffic, now: Traffic, seconds: number): Traffic {
  const rate = (name: keyof Traffic) =>
    Math.max(0, now[name] - before[name]) / seconds;
  return {
    inMsgs: rate("inMsgs"),
    outMsgs: rate("outMsgs"),
    inBytes: rate("inBytes"),
    outBytes: rate("outBytes"),
  };
}

function readServer(varz: Fields): ServerFigures {
  return {
    ...readTraffic(varz),
    serverId: varz.text("server_id"),
    serverName: varz.text("server_name"),
    version: varz.text("version"),
    start: varz.text("start"),
    uptime: varz.text("uptime"),
    cpu: varz.number("cpu", 0),
    mem: varz.number("mem", 0),
    connections: varz.number("connections", 0),
    subscriptions: varz.number("subscriptions", 0),
    slowConsumers: varz.number("slow_consumers", 0),
  };
}

function readConnection(value: unknown): ConnectionFigures {
  const fields = new Fields(value, "/connz");
  return {
    ...readTraffic(fields),
    cid: fields.number("cid"),
    ip: fields.text("ip"),
    port: fields.number("port", 0),
    name: fields.text("name"),
    lang: fields.text("lang"),
    version: fields.text("version"),
    start: fields.text("start"),
    lastActivity: fields.text("last_activity"),
    uptime: fields.text("uptime"),
    idle: fields.text("idle"),
    rtt: fields.text("rtt"),
    pendingBytes: fields.number("pending_bytes", 0),
    subscriptions: fields.number("subscriptions", 0),
    subjects: fields.list("subscriptions_list").map(String).sort(),
  };
}

function readTraffic(fields: Fields): Traffic {
  return {
    inMsgs: fields.number("in_msgs"),
    outMsgs: fields.number("out_msgs"),
    inBytes: fields.number("in_bytes"),
    outBytes: fields.number("out_bytes"),
  };
}

/** An object of an answer; servers leave out what is empty. */
class Fields {
  readonly #values: Record<string, unknown>;
  readonly #path: string;

  constructor(value: unknown, path: string) {
    this.#path = path;
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      throw this.#wrong("an object is missing");
    }
    this.#values = value as Record<string, unknown>;
  }

  text(name: string): string {
    const value = this.#values[name] ?? "";
    if (typeof value === "string") return value;
    throw this.#wrong(`"${name}" is no text`);
  }

  number(name: string, absent?: number): number {
    const value = this.#values[name] ?? absent;
    if (typeof value === "number") return value;
    throw this.#wrong(`"${name}" is no number`);
  }

  list(name: string): readonly unknown[] {
    const value = this.#values[name] ?? [];
    if (Array.isArray(value)) return value;
    throw this.#wrong(`"${name}" is no list`);
  }

  #wrong(what: string): AnswerError {
    return new AnswerError(
      `the answer to ${this.#path} is not a NATS server's: ${what}`,
    );
  }
}
