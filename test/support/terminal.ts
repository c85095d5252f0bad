/**
 * Programs on a terminal, through tmux: a screen that is drawn as terminals
 * draw it, read back, and keys pressed.
 */

import assert from "node:assert/strict";

/** Longest a test waits for something on the screen. */
const PATIENCE_MS = 20_000;
/** Between two looks at the screen. */
const POLL_MS = 25;

/** Whether this machine has tmux; says so once when it has not. */
export function hasTerminal(): boolean {
  try {
    if (new Deno.Command("tmux", { args: ["-V"] }).outputSync().success) {
      return true;
    }
  } catch {
    // Not on this machine.
  }
  // deno-lint-ignore no-console -- Why tests are skipped.
  console.log("tmux is missing: tests on a terminal are skipped");
  return false;
}

/** A terminal with a shell on it, and a program started from there. */
export class TestTerminal implements AsyncDisposable {
  /** A tmux server of its own, so that nobody else's is touched. */
  readonly #socket = `midge-${crypto.randomUUID()}`;

  private constructor() {}

  /** Opens one of this size, with a shell that has no prompt. */
  static async open(columns = 200, rows = 30): Promise<TestTerminal> {
    const terminal = new TestTerminal();
    const size = ["-x", String(columns), "-y", String(rows)];
    await terminal.#tmux("new-session", "-d", ...size, "env PS1= sh");
    return terminal;
  }

  /** Types a command into the shell. */
  async run(command: readonly string[], then = ""): Promise<void> {
    const words = command.map((word) => `'${word.replaceAll("'", "'\\''")}'`);
    await this.type(`clear; ${words.join(" ")}${then}`);
    await this.press("Enter");
  }

  /** Types text as it is. */
  async type(text: string): Promise<void> {
    await this.#tmux("send-keys", "-l", text);
  }

  /** Presses keys by tmux's names: `Enter`, `Space`, `PageDown`, `C-c`. */
  async press(...keys: string[]): Promise<void> {
    await this.#tmux("send-keys", ...keys);
  }

  /** Changes the size. */
  async resize(columns: number, rows: number): Promise<void> {
    await this.#tmux(
      "resize-window",
      ...["-x", String(columns), "-y", String(rows)],
    );
  }

  /** The screen now. */
  async screen(): Promise<string> {
    return await this.#tmux("capture-pane", "-p");
  }

  /** What the terminal is set to; the shell must be waiting. */
  async modes(): Promise<string> {
    const flags = await this.#tmux(
      "display-message",
      "-p",
      "cursor #{cursor_flag}, alternate #{alternate_on}, wrap #{wrap_flag}",
    );
    await this.type(
      "clear; stty -a | tr ' ' '\\n' | grep -x -E -- '-?(echo|icanon|isig)[;]?'; echo end",
    );
    await this.press("Enter");
    const settings = await this.until(/^end$/m);
    return flags + settings.replace(/\n+end\s*$/, "");
  }

  /** The screen once it matches. */
  async until(
    pattern: RegExp | ((screen: string) => boolean),
  ): Promise<string> {
    const deadline = performance.now() + PATIENCE_MS;
    for (;;) {
      const screen = await this.screen();
      const found = typeof pattern === "function"
        ? pattern(screen)
        : pattern.test(screen);
      if (found) return screen;
      assert(performance.now() < deadline, `no ${pattern} on:\n${screen}`);
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#tmux("kill-server");
  }

  async #tmux(...args: string[]): Promise<string> {
    const { success, stdout, stderr } = await new Deno.Command("tmux", {
      args: ["-u", "-L", this.#socket, "-f", "/dev/null", ...args],
      env: { LC_ALL: "C.UTF-8", TERM: "screen" },
    }).output();
    const decoder = new TextDecoder();
    assert(success, `tmux ${args[0]}: ${decoder.decode(stderr)}`);
    return decoder.decode(stdout);
  }
}
