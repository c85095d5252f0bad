/**
 * A whole server without sockets: a publisher whose bytes are always there,
 * subscribers who take everything at once. What remains is midge's own work.
 */

import { Server } from "../src/mod.ts";
import type {
  PermissionOptions,
  ServerOptions,
  Transport,
} from "../src/mod.ts";
import { encodeUtf8 } from "../src/wire/ascii.ts";

const CONNECT =
  'CONNECT {"verbose":false,"pedantic":false,"headers":true,"no_responders":true}\r\n';
const BATCH_BYTES = 60_000;

/** Sends a first line, then a batch whenever told to. */
class Publisher implements Transport {
  readonly remoteAddress = { hostname: "bench", port: 0 };
  #next: Uint8Array;
  #deliver: ((bytes: Uint8Array) => void) | null = null;
  #idle: () => void = () => {};
  #at = 0;

  constructor(readonly batch: Uint8Array) {
    this.#next = encodeUtf8(CONNECT);
  }

  /** Sends one batch; resolves once the server asks for more. */
  send(): Promise<void> {
    return new Promise((resolve) => {
      this.#idle = resolve;
      this.#next = this.batch;
      this.#at = 0;
      this.#deliver?.(this.batch);
    });
  }

  read(target: Uint8Array<ArrayBuffer>): Promise<number | null> {
    if (this.#at < this.#next.length) {
      return Promise.resolve(this.#give(target));
    }
    this.#idle();
    return new Promise((resolve) => {
      this.#deliver = () => {
        this.#deliver = null;
        resolve(this.#give(target));
      };
    });
  }

  #give(target: Uint8Array): number {
    const count = Math.min(target.length, this.#next.length - this.#at);
    target.set(this.#next.subarray(this.#at, this.#at + count));
    this.#at += count;
    return count;
  }

  write(source: Uint8Array): Promise<number> {
    return Promise.resolve(source.length);
  }
  closeWrite(): Promise<void> {
    return Promise.resolve();
  }
  close(): void {}
}

/** Sends its subscription and takes whatever comes. */
class Subscriber implements Transport {
  readonly remoteAddress = { hostname: "bench", port: 0 };
  #first: Uint8Array | null;

  constructor(subscribe: string) {
    this.#first = encodeUtf8(`${CONNECT}${subscribe}\r\n`);
  }

  read(target: Uint8Array<ArrayBuffer>): Promise<number | null> {
    const first = this.#first;
    this.#first = null;
    if (first === null) return new Promise(() => {});
    target.set(first);
    return Promise.resolve(first.length);
  }
  write(source: Uint8Array): Promise<number> {
    return Promise.resolve(source.length);
  }
  closeWrite(): Promise<void> {
    return Promise.resolve();
  }
  close(): void {}
}

async function bench(
  name: string,
  publishes: readonly string[],
  subscribes: readonly string[],
  { baseline = false, group = "fan-out of 60 KB", options = {} }: {
    baseline?: boolean;
    group?: string;
    options?: ServerOptions;
  } = {},
): Promise<void> {
  const server = await Server.start({ dontListen: true, ...options });
  for (const text of subscribes) server.accept(new Subscriber(text));
  let text = "";
  let count = 0;
  while (text.length < BATCH_BYTES || count < publishes.length) {
    text += publishes[count++ % publishes.length];
  }
  const publisher = new Publisher(encodeUtf8(text));
  server.accept(publisher);
  await new Promise((resolve) => setTimeout(resolve, 10));
  Deno.bench({
    name: `${name} (${count} messages)`,
    group,
    baseline,
    fn: async () => {
      await publisher.send();
    },
  });
}

const x = (size: number) => "x".repeat(size);
const PUB_128 = `PUB bench.subj 128\r\n${x(128)}\r\n`;

await bench("nobody, 16 B", [`PUB bench.subj 16\r\n${x(16)}\r\n`], [], {
  baseline: true,
});
await bench("1, 16 B", [`PUB bench.subj 16\r\n${x(16)}\r\n`], [
  "SUB bench.subj 1",
]);
await bench("1, 128 B", [PUB_128], ["SUB bench.subj 1"]);
await bench("1 through a wildcard, 128 B", [PUB_128], ["SUB bench.* 1"]);
await bench(
  "1 with headers, 128 B",
  [`HPUB bench.subj 20 148\r\n${x(148)}\r\n`],
  ["SUB bench.subj 1"],
);
await bench(
  "1 on 64 subjects, 128 B",
  Array.from({ length: 64 }, (_, i) => `PUB bench.${i} 128\r\n${x(128)}\r\n`),
  ["SUB bench.* 1"],
);
await bench("4, 128 B", [PUB_128], Array(4).fill("SUB bench.subj 1"));
await bench("100, 128 B", [PUB_128], Array(100).fill("SUB bench.subj 1"));
await bench(
  "queue of 4, 128 B",
  [PUB_128],
  Array(4).fill("SUB bench.subj q 1"),
);
await bench("1, 4 KB", [`PUB bench.subj 4096\r\n${x(4096)}\r\n`], [
  "SUB bench.subj 1",
]);

const SUBJECTS_1000 = Array.from(
  { length: 1000 },
  (_, i) => `PUB bench.${1000 + i} 128\r\n${x(128)}\r\n`,
);

/** Everybody is a user who may do this. */
function permitted(permissions: PermissionOptions): ServerOptions {
  return {
    authorization: { users: [{ user: "bench", password: "", permissions }] },
    noAuthUser: "bench",
  };
}

const WRITER = permitted({
  publish: { allow: ["bench.>", "other.*"], deny: ["bench.secret.>"] },
});
const READER = permitted({ subscribe: { deny: ["bench.secret.>"] } });

for (
  const [subjects, publishes] of [
    ["same subject", [PUB_128]],
    ["1000 subjects", SUBJECTS_1000],
  ] as const
) {
  for (
    const [name, options, baseline] of [
      ["no permissions", {}, true],
      ["publisher's permissions", WRITER, false],
      ["subscriber's narrower deny", READER, false],
    ] as const
  ) {
    await bench(name, publishes, ["SUB bench.> 1"], {
      group: `publish 128 B to 1, ${subjects}`,
      baseline,
      options,
    });
  }
}
