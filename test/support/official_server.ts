/** The official nats-server beside ours, for tests that compare. */

/** A nats-server program found on this machine. */
export interface OfficialBinary {
  /** Path or name to run. */
  readonly path: string;
  /** As it prints it, without the `v`. */
  readonly version: string;
}

/**
 * Every official server at hand: `nats-server` on the PATH, and the programs
 * `NATS_SERVERS` names, separated by colons. Empty when there is none.
 */
export function officialServers(): OfficialBinary[] {
  const named = (Deno.env.get("NATS_SERVERS") ?? "").split(":").filter(Boolean);
  const found: OfficialBinary[] = [];
  for (const path of ["nats-server", ...named]) {
    const version = versionOf(path);
    if (version !== null && !found.some((one) => one.version === version)) {
      found.push({ path, version });
    }
  }
  return found;
}

/** Whether `binary` is at least version `major.minor`. */
export function atLeast(
  binary: OfficialBinary,
  major: number,
  minor: number,
): boolean {
  const [a, b] = binary.version.split(".").map(Number);
  return a > major || (a === major && b >= minor);
}

/** A running official server on a free port of the loopback interface. */
export class OfficialServer implements AsyncDisposable {
  readonly #process: Deno.ChildProcess;

  private constructor(process: Deno.ChildProcess, readonly port: number) {
    this.#process = process;
  }

  /** Starts `binary` and waits until it listens. */
  static async start(
    binary: OfficialBinary,
    args: readonly string[] = [],
  ): Promise<OfficialServer> {
    const port = freePort();
    const process = new Deno.Command(binary.path, {
      args: ["-a", "127.0.0.1", "-p", String(port), ...args],
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
    const server = new OfficialServer(process, port);
    for (let tries = 0;; tries++) {
      try {
        (await Deno.connect({ hostname: "127.0.0.1", port })).close();
        return server;
      } catch (error) {
        if (tries > 400) {
          await server[Symbol.asyncDispose]();
          throw error;
        }
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#process.kill("SIGKILL");
    } catch {
      // It has ended already.
    }
    await this.#process.status;
  }
}

/** A port of the loopback interface that nobody listens on right now. */
export function freePort(): number {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  return port;
}

function versionOf(path: string): string | null {
  try {
    const { stdout } = new Deno.Command(path, { args: ["-v"] }).outputSync();
    const [, version] = /v(\d+\.\d+\.\d+)/.exec(
      new TextDecoder().decode(stdout),
    ) ?? [];
    return version ?? null;
  } catch {
    return null; // Not on this machine.
  }
}
