/**
 * Imports and exports as configured: checked, and put together. Pure; the
 * accounts themselves are wired up by the registry.
 */

import { covers, overlap } from "../subject/patterns.ts";
import type {
  AccountOptions,
  ExportOptions,
  ImportOptions,
} from "../auth_options.ts";
import { DEFAULT_THRESHOLD_MS } from "../core/responses.ts";
import { ConfigError } from "../errors.ts";
import { isLiteralSubject, isValidSubject } from "../subject/subject.ts";
import type { SubjectMapping } from "../subject/transform.ts";
import { mapSubjects } from "../subject/transform.ts";
import { decodeUtf8, encodeUtf8 } from "../wire/ascii.ts";

/** What is exported and imported. */
type Kind = "stream" | "service";

/** An import that is in order. */
export interface AccountImport {
  /** Whether messages come from the exporter or requests go to it. */
  readonly kind: Kind;
  /** Account that exports. */
  readonly exporter: string;
  /** Account that imports. */
  readonly importer: string;
  /** From the exporter's subjects to the importer's. */
  readonly mapping: SubjectMapping;
  /** For services: one answer per request. */
  readonly single: boolean;
  /** For services: longest pause before an answer, in milliseconds. */
  readonly thresholdMs: number;
  /** For services: the exporter is told who asks. */
  readonly share: boolean;
}

/** An export and the subject it is about. */
interface Export {
  readonly kind: Kind;
  readonly subject: Uint8Array;
  readonly accounts: readonly string[] | undefined;
  readonly single: boolean;
  readonly thresholdMs: number;
}

/**
 * The imports of all accounts. Throws `ConfigError` for exports and imports
 * that make no sense, that are not allowed, or that lead requests in a circle.
 */
export function resolveImports(
  accounts: readonly AccountOptions[],
): AccountImport[] {
  const exported = new Map<string, Export[]>(
    accounts.map(({ name, exports = [] }) => [
      name,
      exports.map((options) => readExport(name, options)),
    ]),
  );
  for (const [name, list] of exported) checkAudience(name, list, exported);
  const found = accounts.flatMap(({ name, imports = [] }) =>
    imports.map((options) => readImport(name, options, exported))
  );
  checkDuplicates(found);
  checkCycles(found.filter(({ kind }) => kind === "service"));
  return found;
}

function readExport(name: string, options: ExportOptions): Export {
  const { stream, service, accounts, responseType, responseThresholdMs } =
    options;
  const text = stream ?? service;
  if (text === undefined || (stream !== undefined && service !== undefined)) {
    throw new ConfigError(
      `Account "${name}": an export must have one of stream and service`,
    );
  }
  const kind = stream === undefined ? "service" : "stream";
  const subject = encodeUtf8(text);
  const refuse = (why: string) => {
    throw new ConfigError(
      `Account "${name}" cannot export ${kind} "${text}": ${why}`,
    );
  };
  if (!isValidSubject(subject)) refuse("invalid subject");
  if (
    kind === "stream" && (responseType ?? responseThresholdMs) !== undefined
  ) refuse("only services have responses");
  const thresholdMs = responseThresholdMs ?? DEFAULT_THRESHOLD_MS;
  if (!(thresholdMs > 0)) refuse("response threshold must be above 0");
  const single = (responseType ?? "singleton") === "singleton";
  return { kind, subject, accounts, single, thresholdMs };
}

/** Exports may name accounts that may import them: those must exist. */
function checkAudience(
  name: string,
  list: readonly Export[],
  known: ReadonlyMap<string, unknown>,
): void {
  for (const { kind, subject, accounts = [] } of list) {
    for (const other of accounts) {
      if (known.has(other)) continue;
      throw new ConfigError(
        `Account "${name}" cannot export ${kind} "${
          decodeUtf8(subject)
        }": account "${other}" is not defined`,
      );
    }
  }
}

function readImport(
  name: string,
  options: ImportOptions,
  exported: ReadonlyMap<string, readonly Export[]>,
): AccountImport {
  const { stream, service, share = false } = options;
  const source = stream ?? service;
  if (source === undefined || (stream !== undefined && service !== undefined)) {
    throw new ConfigError(
      `Account "${name}": an import must have one of stream and service`,
    );
  }
  const kind = stream === undefined ? "service" : "stream";
  const refuse = (why: string): never => {
    throw new ConfigError(
      `Account "${name}" cannot import ${kind} "${source.subject}" from "${source.account}": ${why}`,
    );
  };
  const offers = exported.get(source.account) ??
    refuse(`account "${source.account}" is not defined`);
  const subject = encodeUtf8(source.subject);
  if (!isValidSubject(subject)) refuse("invalid subject");
  const match = findExport(offers, kind, subject, name) ??
    refuse("not exported to it");
  checkPrefix(kind, options, refuse);
  const local = localSubject(source.subject, options);
  const mapping = mapSubjects(subject, encodeUtf8(local));
  if (typeof mapping === "string") {
    return refuse(`cannot map to "${local}": ${mapping}`);
  }
  const { single, thresholdMs } = match;
  return {
    kind,
    exporter: source.account,
    importer: name,
    mapping,
    single,
    thresholdMs,
    share,
  };
}

/** What `subject` of the exporter is called in the importing account. */
export function localSubject(
  subject: string,
  { prefix = "", to }: ImportOptions,
): string {
  return prefix === "" ? to ?? subject : `${undotted(prefix)}.${subject}`;
}

function checkPrefix(
  kind: Kind,
  { prefix = "", to }: ImportOptions,
  refuse: (why: string) => never,
): void {
  if (prefix === "") return;
  if (kind === "service") refuse("only streams have a prefix");
  if (to !== undefined) refuse('"prefix" and "to" exclude each other');
  if (isLiteralSubject(encodeUtf8(undotted(prefix)))) return;
  refuse(`prefix "${prefix}" must be a subject without wildcards`);
}

/** A prefix may end with the dot that follows it. */
function undotted(prefix: string): string {
  return prefix.endsWith(".") ? prefix.slice(0, -1) : prefix;
}

/** What allows `importer` to have `subject`; the very same subject first. */
function findExport(
  offers: readonly Export[],
  kind: Kind,
  subject: Uint8Array,
  importer: string,
): Export | undefined {
  const fitting = offers.filter((offer) =>
    offer.kind === kind && covers(offer.subject, subject) &&
    (offer.accounts === undefined || offer.accounts.includes(importer))
  );
  return fitting.find((offer) => covers(subject, offer.subject)) ?? fitting[0];
}

/** No stream twice, and no two services under one subject. */
function checkDuplicates(imports: readonly AccountImport[]): void {
  const seen = new Set<string>();
  for (const { kind, exporter, importer, mapping } of imports) {
    const local = decodeUtf8(mapping.back.pattern);
    const subject = decodeUtf8(mapping.forth.pattern);
    const key = JSON.stringify(
      kind === "service"
        ? [kind, importer, local]
        : [kind, importer, local, exporter, subject],
    );
    if (seen.has(key)) {
      throw new ConfigError(
        `Account "${importer}" cannot import ${kind} "${subject}" from "${exporter}": "${local}" is imported already`,
      );
    }
    seen.add(key);
  }
}

/** A request that an import hands on may meet the next; never the same again. */
function checkCycles(services: readonly AccountImport[]): void {
  const done = new Set<AccountImport>();
  const visit = (service: AccountImport, path: readonly AccountImport[]) => {
    const { exporter, importer, mapping: { forth } } = service;
    if (path.includes(service)) {
      throw new ConfigError(
        `Account "${importer}" cannot import service "${
          decodeUtf8(forth.pattern)
        }" from "${exporter}": requests would go in a circle`,
      );
    }
    if (done.has(service)) return;
    for (const next of services) {
      if (
        next.importer === exporter &&
        overlap(next.mapping.back.pattern, forth.pattern)
      ) visit(next, [...path, service]);
    }
    done.add(service);
  };
  for (const service of services) visit(service, []);
}
