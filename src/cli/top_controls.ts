/**
 * What the keys of `midge top` do: a key in, changed choices and what is to be
 * done about them out. Pure; reads no keyboard and draws nothing.
 */

import { limitProblem, MAX_LIMIT, sortProblem, SORTS } from "./top_flags.ts";

/** What a key asks for. */
export type Effect = "quit" | "look" | "draw";

/** A question under the server's figures, and what has been typed so far. */
interface Prompt {
  readonly about: "sort" | "limit";
  typed: string;
}

/** Longest answer to a prompt. */
const MAX_TYPED = 32;

/** Lines that `?` shows. */
export const HELP_LINES: readonly string[] = [
  "Command          Description",
  "",
  "o<option>        Sort connections by <option>, one of",
  `                 ${SORTS.slice(0, 6).join(", ")},`,
  `                 ${SORTS.slice(6).join(", ")}`,
  "                 On the command line: -sort",
  "",
  "n<limit>         Show this many connections; with a sort option the first",
  "                 by it. On the command line: -n",
  "",
  "s                Show or hide the subjects listened to",
  "d                Show names from the DNS, or addresses",
  "b                Show plain numbers, or short ones",
  "r                Show messages and bytes per second, or in all",
  "space            Pause, or go on",
  "arrows, pages    Scroll",
  "q                Quit",
  "",
  "Press any key to continue",
];

/** The choices of somebody who watches, as keys change them. */
export class Controls {
  /** What `/connz` is to sort by. */
  sort: string;
  /** Most connections. */
  limit: number;
  /** Subjects are shown. */
  subs: boolean;
  /** Names are shown instead of addresses. */
  lookup: boolean;
  /** Numbers are shown plain. */
  rawBytes: boolean;
  /** Traffic is shown per second. */
  rates = false;
  /** Nothing is looked at anew. */
  paused = false;
  /** The keys are explained. */
  help = false;
  /** Rows of the table above the screen; the view bounds it. */
  scrolled = 0;
  /** Rows of the table that fit on the screen. */
  page = 1;
  /** What was wrong with the last answer; until the next key. */
  notice = "";
  #prompt: Prompt | null = null;

  constructor(
    choices: Pick<Controls, "sort" | "limit" | "subs" | "lookup" | "rawBytes">,
  ) {
    this.sort = choices.sort;
    this.limit = choices.limit;
    this.subs = choices.subs;
    this.lookup = choices.lookup;
    this.rawBytes = choices.rawBytes;
  }

  /** The question being answered; empty for none. */
  get question(): string {
    switch (this.#prompt?.about) {
      case "sort":
        return `sort by [${this.sort}]: ${this.#prompt.typed}`;
      case "limit":
        return `limit [${this.limit}]: ${this.#prompt.typed}`;
      default:
        return "";
    }
  }

  /** Takes one key, as `KeyReader` names it. */
  press(key: string): Effect {
    this.notice = "";
    if (key === "\x03") return "quit";
    if (this.#prompt !== null) return this.#answer(this.#prompt, key);
    if (key === "q") return "quit";
    if (this.help) {
      this.help = false;
      return "draw";
    }
    return this.#command(key);
  }

  #command(key: string): Effect {
    switch (key) {
      case "o":
        this.#prompt = { about: "sort", typed: "" };
        return "draw";
      case "n":
        this.#prompt = { about: "limit", typed: "" };
        return "draw";
      case "s":
        this.subs = !this.subs;
        return "look";
      case "d":
        this.lookup = !this.lookup;
        return "draw";
      case "b":
        this.rawBytes = !this.rawBytes;
        return "draw";
      case "r":
        this.rates = !this.rates;
        return "draw";
      case " ":
        this.paused = !this.paused;
        return this.paused ? "draw" : "look";
      case "?":
      case "h":
        this.help = true;
        return "draw";
      default:
        this.#scroll(key);
        return "draw";
    }
  }

  #scroll(key: string): void {
    const rows: Record<string, number> = {
      up: -1,
      down: 1,
      pageup: -this.page,
      pagedown: this.page,
      home: -MAX_LIMIT,
      end: MAX_LIMIT,
    };
    // The view takes what is too much down to the last page.
    const scrolled = this.scrolled + (rows[key] ?? 0);
    this.scrolled = Math.min(Math.max(0, scrolled), MAX_LIMIT);
  }

  #answer(prompt: Prompt, key: string): Effect {
    switch (key) {
      case "escape":
        this.#prompt = null;
        return "draw";
      case "\r":
      case "\n":
        this.#prompt = null;
        return prompt.about === "sort"
          ? this.#setSort(prompt.typed.trim())
          : this.#setLimit(prompt.typed.trim());
      case "\x7f":
      case "\b":
        prompt.typed = prompt.typed.slice(0, -1);
        return "draw";
      case "\x15": // Ctrl-U
        prompt.typed = "";
        return "draw";
      default:
        if (/^[!-~]$/.test(key) && prompt.typed.length < MAX_TYPED) {
          prompt.typed += key;
        }
        return "draw";
    }
  }

  #setSort(sort: string): Effect {
    if (sort === "") return "draw";
    const problem = sortProblem(sort);
    if (problem !== null) {
      this.notice = `invalid order "${sort}": ${problem}`;
      return "draw";
    }
    this.sort = sort;
    this.scrolled = 0;
    return "look";
  }

  #setLimit(text: string): Effect {
    if (text === "") return "draw";
    const limit = /^\d+$/.test(text) ? Number(text) : NaN;
    const problem = limitProblem(limit);
    if (problem !== null) {
      this.notice = `invalid limit "${text}": ${problem}`;
      return "draw";
    }
    this.limit = limit;
    return "look";
  }
}

/** What keys with more than a character send behind `ESC [` or `ESC O`. */
const SEQUENCES: Readonly<Record<string, string>> = {
  A: "up",
  B: "down",
  H: "home",
  F: "end",
  "1~": "home",
  "4~": "end",
  "5~": "pageup",
  "6~": "pagedown",
};

/** Cuts what a keyboard sends into keys. */
export class KeyReader {
  readonly #decoder = new TextDecoder();
  /** A sequence whose end has yet to come. */
  #begun = "";

  /** Keys in `bytes`: a character each, or names like `up`. */
  keys(bytes: Uint8Array): string[] {
    let text = this.#begun + this.#decoder.decode(bytes, { stream: true });
    this.#begun = "";
    const keys: string[] = [];
    while (text !== "") {
      // deno-lint-ignore no-control-regex -- ESC is what they begin with.
      const [all, , name] = /^\x1b(\[|O)([0-9;]*[ -/]*[@-~])/.exec(text) ?? [];
      if (all !== undefined) {
        keys.push(SEQUENCES[name] ?? "unknown");
        text = text.slice(all.length);
        continue;
      }
      // deno-lint-ignore no-control-regex -- As above, not yet whole.
      if (/^\x1b(\[|O)[0-9;]{0,16}$/.test(text)) {
        this.#begun = text;
        break;
      }
      const [key] = text;
      keys.push(key === "\x1b" ? "escape" : key);
      text = text.slice(key.length);
    }
    return keys;
  }
}
