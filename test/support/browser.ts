/**
 * A headless Chromium for tests of the live page, driven over its DevTools
 * protocol: that needs no permission beyond those the tests have anyway, which
 * the usual libraries do.
 */

/** What Chromium answers to a command, or tells on its own. */
interface Answer {
  readonly id?: number;
  readonly method?: string;
  readonly params?: { readonly [key: string]: unknown };
  readonly result?: { readonly [key: string]: unknown };
  readonly error?: { readonly message: string };
}

/** One page in one browser, both gone when disposed. */
export class Browser implements AsyncDisposable {
  /** Every address the page asked for. */
  readonly requested: string[] = [];
  /** What went wrong in the page: uncaught errors, refused loads. */
  readonly problems: string[] = [];

  readonly #process: Deno.ChildProcess;
  readonly #profile: string;
  readonly #socket: WebSocket;
  readonly #waiting = new Map<number, PromiseWithResolvers<Answer>>();
  #session = "";
  #lastId = 0;

  private constructor(
    process: Deno.ChildProcess,
    profile: string,
    socket: WebSocket,
  ) {
    this.#process = process;
    this.#profile = profile;
    this.#socket = socket;
    socket.onmessage = ({ data }) => this.#hear(JSON.parse(data));
  }

  /** Starts `program` with an empty page. */
  static async start(program: string): Promise<Browser> {
    const profile = await Deno.makeTempDir();
    const process = new Deno.Command(program, {
      args: [
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--disable-background-networking",
        "--no-first-run",
        "--hide-scrollbars",
        "--force-color-profile=srgb",
        "--remote-debugging-port=0",
        `--user-data-dir=${profile}`,
        "about:blank",
      ],
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).spawn();
    const socket = new WebSocket(await devToolsAddress(process.stderr));
    await new Promise((resolve, reject) => {
      socket.onopen = resolve;
      socket.onerror = reject;
    });
    const browser = new Browser(process, profile, socket);
    await browser.#attach();
    return browser;
  }

  /** Opens `url` and waits until its script has run. */
  async open(url: string): Promise<void> {
    await this.send("Page.navigate", { url });
    await this.until("document.readyState === 'complete'");
  }

  /** The value of a JavaScript expression in the page. */
  async evaluate(expression: string): Promise<unknown> {
    const { result, exceptionDetails } = await this.send("Runtime.evaluate", {
      expression,
      awaitPromise: true,
      returnByValue: true,
    });
    if (exceptionDetails !== undefined) {
      throw new Error(JSON.stringify(exceptionDetails));
    }
    return (result as { value?: unknown }).value;
  }

  /** Resolves once `expression` is true in the page; rejects after 10 s. */
  async until(expression: string): Promise<void> {
    const deadline = performance.now() + 10_000;
    while (!await this.evaluate(`Boolean(${expression})`)) {
      if (performance.now() > deadline) {
        const text = await this.evaluate("document.body.innerText");
        throw new Error(`never came true: ${expression}\n${text}`);
      }
      await this.evaluate("new Promise((go) => setTimeout(go, 50))");
    }
  }

  /** Gives the page a size in CSS pixels. */
  async resize(width: number, height: number, scale = 1): Promise<void> {
    await this.send("Emulation.setDeviceMetricsOverride", {
      width,
      height,
      deviceScaleFactor: scale,
      mobile: width < 500,
    });
  }

  /** Pretends that the system is set to this scheme. */
  async prefer(scheme: "light" | "dark"): Promise<void> {
    await this.send("Emulation.setEmulatedMedia", {
      features: [{ name: "prefers-color-scheme", value: scheme }],
    });
  }

  /** The page as PNG: what the window shows, or all of it. */
  async screenshot({ whole = false } = {}): Promise<Uint8Array<ArrayBuffer>> {
    const { data } = await this.send("Page.captureScreenshot", {
      format: "png",
      captureBeyondViewport: whole,
    });
    return Uint8Array.fromBase64(data as string);
  }

  /** Sends a command of the DevTools protocol to the page. */
  async send(
    method: string,
    params: { readonly [key: string]: unknown } = {},
  ): Promise<{ readonly [key: string]: unknown }> {
    const id = ++this.#lastId;
    const answer = Promise.withResolvers<Answer>();
    this.#waiting.set(id, answer);
    const sessionId = this.#session || undefined;
    this.#socket.send(JSON.stringify({ id, method, params, sessionId }));
    const { result, error } = await answer.promise;
    if (error !== undefined) throw new Error(`${method}: ${error.message}`);
    return result ?? {};
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise((resolve) => this.#socket.onclose = resolve);
    this.#session = "";
    await this.send("Browser.close");
    await Promise.all([closed, this.#process.status]);
    await Deno.remove(this.#profile, { recursive: true });
  }

  async #attach(): Promise<void> {
    const { targetInfos } = await this.send("Target.getTargets");
    const pages = targetInfos as { type: string; targetId: string }[];
    const { sessionId } = await this.send("Target.attachToTarget", {
      targetId: pages.find(({ type }) => type === "page")?.targetId,
      flatten: true,
    });
    this.#session = sessionId as string;
    for (const domain of ["Page", "Runtime", "Network", "Log"]) {
      await this.send(`${domain}.enable`);
    }
  }

  #hear({ id, method, params, ...rest }: Answer): void {
    if (id !== undefined) {
      this.#waiting.get(id)?.resolve(rest);
      this.#waiting.delete(id);
    } else if (method === "Network.requestWillBeSent") {
      this.requested.push((params?.request as { url: string }).url);
    } else if (method === "Runtime.exceptionThrown") {
      this.problems.push(JSON.stringify(params));
    } else if (method === "Log.entryAdded") {
      this.problems.push((params?.entry as { text: string }).text);
    }
  }
}

/** Reads what Chromium says until it has said where it listens. */
async function devToolsAddress(
  stderr: ReadableStream<Uint8Array<ArrayBuffer>>,
): Promise<string> {
  const reader = stderr.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    const { value, done } = await reader.read();
    text += value ?? "";
    const [address] = /ws:\/\/\S+(?=\s)/.exec(text) ?? [];
    if (address !== undefined || done) {
      if (address === undefined) throw new Error(`No Chromium: ${text}`);
      drain(reader);
      return address;
    }
  }
}

/** Keeps Chromium from waiting for somebody to read what it logs. */
async function drain(reader: ReadableStreamDefaultReader<string>) {
  while (!(await reader.read()).done);
}
