/**
 * The command line of the server, as nats-server reads it
 * (config-and-monitoring §4.1). Flags that give a setting come from the schema.
 */

import { ConfigError } from "../errors.ts";
import { VERSION } from "../version.ts";
import type { FlagForm } from "./flag_syntax.ts";
import { helpLine, readArguments, readValue } from "./flag_syntax.ts";
import { REFUSED_FLAGS } from "./refused.ts";
import type { FullSetting } from "./schema.ts";
import { join, SETTINGS } from "./schema.ts";
import { FLAG_GROUPS } from "./setting.ts";
import type { Values } from "./settings.ts";
import { DEFAULTS, overlay, problemWith } from "./settings.ts";
import { boolean, ValueError } from "./value_types.ts";

/** What the command line asks for. */
export interface CommandLine {
  /** Settings given by flags, and no others. */
  readonly values: Values;
  /** Configuration file; empty for none. */
  readonly configFile: string;
  /** Whether TLS is switched on or off; `undefined` leaves it as it is. */
  readonly tls: boolean | undefined;
  /** What to do: serve, or something else and exit. */
  readonly action:
    | "serve"
    | "test"
    | "signal"
    | "help"
    | "help_tls"
    | "version";
  /** For the action `signal`: `command` or `command=pid`. */
  readonly signal: string;
}

/** The command line while it is read. */
type Draft =
  & {
    -readonly [Name in Exclude<keyof CommandLine, "values">]: CommandLine[Name];
  }
  & { values: Map<string, unknown> };

/** A flag that is not a setting. */
interface SpecialFlag extends FlagForm {
  readonly group: typeof FLAG_GROUPS[number] | "Common";
  readonly help: string;
  /** Switches get `true` or `false` as text. */
  apply(draft: Draft, value: string): void;
}

const SPECIAL: readonly SpecialFlag[] = [
  {
    names: ["c", "config"],
    value: "FILE",
    group: "Server",
    help: "Configuration file, NATS syntax or TOML (*.toml)",
    apply: (draft, value) => draft.configFile = value,
  },
  action(["t"], "Server", "test", "Check the configuration file and exit"),
  {
    names: ["sl", "signal"],
    value: "CMD=PID",
    group: "Server",
    help: "Tell a running server: stop, quit, term, reopen, reload, ldm",
    apply(draft, value) {
      draft.action = "signal";
      draft.signal = value;
    },
  },
  {
    // Without JetStream it does nothing at nats-server either, and what starts
    // servers for tests gives it to all of them.
    names: ["sd", "store_dir"],
    value: "DIR",
    group: "Server",
    help: "Taken for the sake of scripts, not used: there is no JetStream",
    apply() {},
  },
  both("DV", "Debug and trace"),
  both("DVV", "Debug and trace"),
  {
    names: ["tls"],
    group: "TLS",
    help: "Talk TLS with clients, without asking for their certificates",
    apply: (draft, value) => draft.tls = boolean.parse(value) as boolean,
  },
  action(["help_tls"], "TLS", "help_tls", "Show how TLS is configured"),
  action(["h", "help"], "Common", "help", "Show this text"),
  action(["v", "version"], "Common", "version", "Show the version"),
];

/** Settings that a flag gives. */
const FLAGGED: readonly FullSetting[] = SETTINGS.filter(({ flag }) =>
  flag !== undefined
);

/** Where descriptions start in help. */
const HELP_COLUMN = 36;

/**
 * Reads the arguments behind the program's name. Throws `ConfigError` with one
 * line that names the flag.
 */
export function parseFlags(args: readonly string[]): CommandLine {
  const draft: Draft = {
    values: new Map(),
    configFile: "",
    tls: undefined,
    action: "serve",
    signal: "",
  };
  for (const given of readArguments(args, findFlag)) {
    if (typeof given === "string") {
      applyCommand(draft, given);
      break;
    }
    readValue(given, (text) => given.flag.apply(draft, text));
  }
  return draft;
}

/** Settings of a file with those of the command line on top. */
export function withFlags(file: Values, { values, tls }: CommandLine): Values {
  const both = overlay(file, values);
  if (tls === undefined) return both;
  const inTls = ([target]: [string, unknown]) =>
    target.startsWith("server.tls.");
  if (!tls) return new Map([...both].filter((entry) => !inTls(entry)));
  if (![...both].some(inTls)) {
    throw new ConfigError(
      "TLS Server certificate must be present and valid: give --tlscert FILE and --tlskey FILE",
    );
  }
  return both;
}

/** What `-h` prints. */
export function helpText(): string {
  let text = `Usage: midge [flags]
       midge pub [flags] SUBJECT [PAYLOAD]
       midge sub [flags] SUBJECT…
       midge req [flags] SUBJECT [PAYLOAD]
       midge top [flags]
       midge mkpasswd [-p] [-c COST]
`;
  for (const group of [...FLAG_GROUPS, "Common"]) {
    const lines = [
      ...FLAGGED.filter((one) => one.flag?.group === group).map(settingHelp),
      ...SPECIAL.filter((one) => one.group === group)
        .map((flag) => helpLine(flag, flag.help, HELP_COLUMN)),
    ];
    if (lines.length > 0) text += `\n${group}:\n${lines.join("")}`;
  }
  return text;
}

function settingHelp({ flag, help, fullTarget }: FullSetting): string {
  const standard = DEFAULTS.get(fullTarget) ?? "";
  const shown = String(standard) === "" || standard === false || standard === 0
    ? ""
    : ` (default ${standard})`;
  return helpLine(flag ?? { names: [] }, help + shown, HELP_COLUMN);
}

/** Throws `ConfigError` for a name that no flag has. */
function findFlag(name: string): FlagForm & Pick<SpecialFlag, "apply"> {
  const special = SPECIAL.find(({ names }) => names.includes(name));
  if (special !== undefined) return special;
  if (REFUSED_FLAGS.includes(name)) {
    throw new ConfigError(
      `flag -${name} is not supported by midge ${VERSION}`,
    );
  }
  const setting = FLAGGED.find(({ flag }) => flag?.names.includes(name));
  if (setting?.flag === undefined) {
    throw new ConfigError(`flag provided but not defined: -${name}`);
  }
  return {
    ...setting.flag,
    apply(draft, value) {
      const parsed = setting.type.parse(value);
      if (parsed === undefined) return;
      if (setting.parts !== undefined) {
        for (const [part, one] of Object.entries(parsed as object)) {
          draft.values.set(join(setting.fullTarget, part), one);
        }
        return;
      }
      const problem = problemWith(setting.fullTarget, parsed);
      if (problem !== null) throw new ValueError(problem);
      draft.values.set(setting.fullTarget, parsed);
    },
  };
}

/** Commands of midge that are no server. */
const TOOLS = ["pub", "sub", "req", "top", "mkpasswd"];

/** The words nats-server takes instead of a flag. */
function applyCommand(draft: Draft, word: string): void {
  switch (word.toLowerCase()) {
    case "version":
      draft.action = "version";
      return;
    case "help":
      draft.action = "help";
      return;
    default:
      throw new ConfigError(
        TOOLS.includes(word)
          ? `a command comes first, then its flags: midge ${word} …`
          : `unrecognized command: "${word}"`,
      );
  }
}

function action(
  names: readonly string[],
  group: SpecialFlag["group"],
  what: CommandLine["action"],
  help: string,
): SpecialFlag {
  return {
    names,
    group,
    help,
    apply(draft, value) {
      if (boolean.parse(value)) draft.action = what;
    },
  };
}

function both(name: string, help: string): SpecialFlag {
  return {
    names: [name],
    group: "Logging",
    help,
    apply(draft, value) {
      const on = boolean.parse(value);
      draft.values.set("log.debug", on);
      draft.values.set("log.trace", on);
    },
  };
}
