/**
 * The values that are maps and lists: users, permissions, accounts, exports and
 * imports (config-and-monitoring §2.4, §2.7). What they mean together is
 * checked where they are used; here, that they are what they should be.
 */

import type {
  AccountLimits,
  AccountOptions,
  ExportOptions,
  ImportOptions,
  PermissionOptions,
  ResponsePermission,
  SubjectPermissions,
  UserOptions,
} from "../auth_options.ts";
import type { ClusterPermissions } from "../cluster_options.ts";
import type { ConfigNode } from "./tree.ts";
import type { ValueType, Warn } from "./value_types.ts";
import {
  boolean,
  duration,
  integer,
  size,
  text,
  ValueError,
} from "./value_types.ts";

/** Reads one value of a map into what is made of the map. */
type Field<T> = (made: T, node: ConfigNode, warn: Warn) => void;

/** What a map may contain: by name, and by every other name. */
interface Shape<T> {
  /** How it is called in errors: `a user`. */
  readonly name: string;
  /** Its fields; names that stand for the same are joined by blanks. */
  readonly fields: Readonly<Record<string, Field<T>>>;
  /** Fields that nats-server has here and midge does not. */
  readonly refused?: readonly string[];
}

/** Something without exceptions to its fields being absent until set. */
type Draft<T> = { -readonly [Name in keyof T]: T[Name] };

const RESPONSES: Shape<Draft<ResponsePermission>> = {
  name: "allow_responses",
  fields: {
    "max max_msgs max_messages max_responses": (made, node, warn) =>
      made.max = integer.read(node, warn) as number,
    "expires expiration ttl": (made, node, warn) =>
      made.ttlMs = duration.read(node, warn) as number,
  },
};

const SUBJECTS: Shape<Draft<SubjectPermissions>> = {
  name: "a permission",
  fields: {
    allow: (made, node) => {
      // As in nats-server, an empty list is none at all: it allows everything.
      const allowed = subjects(node);
      if (allowed.length > 0) made.allow = allowed;
    },
    deny: (made, node) => made.deny = subjects(node),
  },
};

const PERMISSIONS: Shape<Draft<PermissionOptions>> = {
  name: "permissions",
  fields: {
    "publish pub import": (made, node, warn) =>
      made.publish = allowAndDeny(node, warn),
    "subscribe sub export": (made, node, warn) =>
      made.subscribe = allowAndDeny(node, warn),
    "allow_responses publish_allow_responses": (made, node, warn) => {
      if (node.kind === "boolean") {
        if (node.value) made.allowResponses = {};
      } else made.allowResponses = read(node, RESPONSES, {}, warn);
    },
  },
};

/** In nats-server, the names for clients stand for these as well. */
const CLUSTER_PERMISSIONS: Shape<Draft<ClusterPermissions>> = {
  name: "permissions of a cluster",
  fields: {
    "import publish pub": (made, node, warn) =>
      made.import = allowAndDeny(node, warn),
    "export subscribe sub": (made, node, warn) =>
      made.export = allowAndDeny(node, warn),
  },
};

const USER: Shape<Draft<UserOptions>> = {
  name: "a user",
  fields: {
    "user username": (made, node, warn) =>
      made.user = text.read(node, warn) as string,
    "pass password": (made, node, warn) =>
      made.password = text.read(node, warn) as string,
    nkey: (made, node, warn) => made.nkey = text.read(node, warn) as string,
    "permissions permission authorization": (made, node, warn) =>
      made.permissions = read(node, PERMISSIONS, {}, warn),
    "allowed_connection_types connection_types clients": (made, node) =>
      made.allowedConnectionTypes = subjects(node),
  },
  refused: ["proxy_required"],
};

const LIMITS: Shape<Draft<AccountLimits>> = {
  name: "account limits",
  fields: {
    "max_connections max_conn": (made, node, warn) =>
      made.maxConnections = integer.read(node, warn) as number,
    "max_subscriptions max_subs": (made, node, warn) =>
      made.maxSubscriptions = integer.read(node, warn) as number,
    "max_payload max_pay": (made, node, warn) =>
      made.maxPayload = size.read(node, warn) as number,
  },
  refused: ["max_leafnodes", "max_leafs"],
};

const EXPORT: Shape<Draft<ExportOptions>> = {
  name: "an export",
  fields: {
    stream: (made, node, warn) => made.stream = text.read(node, warn) as string,
    service: (made, node, warn) =>
      made.service = text.read(node, warn) as string,
    accounts: (made, node) => made.accounts = subjects(node),
    "response_type response": (made, node, warn) => {
      const type = String(text.read(node, warn)).toLowerCase();
      if (type !== "singleton" && type !== "stream" && type !== "chunked") {
        throw new ValueError(
          `response_type takes singleton, stream or chunked, got "${type}"`,
          node.at,
        );
      }
      made.responseType = type;
    },
    "response_threshold threshold": (made, node, warn) =>
      made.responseThresholdMs = duration.read(node, warn) as number,
  },
  refused: ["latency", "account_token_position", "allow_trace"],
};

const SOURCE: Shape<{ account: string; subject: string }> = {
  name: "the source of an import",
  fields: {
    account: (made, node, warn) =>
      made.account = text.read(node, warn) as string,
    subject: (made, node, warn) =>
      made.subject = text.read(node, warn) as string,
  },
};

const IMPORT: Shape<Draft<ImportOptions>> = {
  name: "an import",
  fields: {
    stream: (made, node, warn) =>
      made.stream = read(node, SOURCE, { account: "", subject: "" }, warn),
    service: (made, node, warn) =>
      made.service = read(node, SOURCE, { account: "", subject: "" }, warn),
    prefix: (made, node, warn) => made.prefix = text.read(node, warn) as string,
    to: (made, node, warn) => made.to = text.read(node, warn) as string,
    share: (made, node, warn) =>
      made.share = boolean.read(node, warn) as boolean,
  },
  refused: ["allow_trace"],
};

const ACCOUNT: Shape<Draft<AccountOptions>> = {
  name: "an account",
  fields: {
    users: (made, node, warn) => made.users = list(node, USER, warn),
    exports: (made, node, warn) => made.exports = list(node, EXPORT, warn),
    imports: (made, node, warn) => made.imports = list(node, IMPORT, warn),
    default_permissions: (made, node, warn) =>
      made.defaultPermissions = read(node, PERMISSIONS, {}, warn),
    limits: (made, node, warn) => made.limits = read(node, LIMITS, {}, warn),
  },
  refused: ["jetstream", "mappings", "maps", "msg_trace", "trace_dest", "nkey"],
};

/** A list of users. */
export const users: ValueType = {
  takes: "a list of users",
  read: (node, warn) => list(node, USER, warn),
  parse: unparsable,
};

/** What somebody may publish and subscribe to. */
export const permissions: ValueType = {
  takes: "a map of permissions",
  read: (node, warn) => read(node, PERMISSIONS, {}, warn),
  parse: unparsable,
};

/** What servers of a cluster may ask each other for. */
export const clusterPermissions: ValueType = {
  takes: "a map of permissions",
  read: (node, warn) => read(node, CLUSTER_PERMISSIONS, {}, warn),
  parse: unparsable,
};

/** Accounts by name, or just their names. */
export const accounts: ValueType = {
  takes: "a map of accounts, or a list of their names",
  read(node, warn): AccountOptions[] {
    if (node.kind === "array") {
      return subjects(node).map((name) => ({ name }));
    }
    if (node.kind !== "map") throw new ValueError(`takes ${this.takes}`);
    return [...node.entries.values()].filter(({ referenced }) => !referenced)
      .map(({ key, value }) => read(value, ACCOUNT, { name: key }, warn));
  },
  parse: unparsable,
};

/** Fills `made` from a map. Throws `ValueError` that says where. */
function read<T>(
  node: ConfigNode,
  shape: Shape<T>,
  made: T,
  warn: Warn,
): T {
  if (node.kind !== "map") {
    throw new ValueError(`${shape.name} takes a map in braces`, node.at);
  }
  for (const { key, keyAt, value, referenced } of node.entries.values()) {
    const name = key.toLowerCase();
    const field = fieldOf(shape, name);
    if (field === undefined) {
      if (referenced) continue;
      throw new ValueError(
        shape.refused?.includes(name)
          ? `"${key}" in ${shape.name} is not supported by midge`
          : `unknown field "${key}" in ${shape.name}: it takes ${
            Object.keys(shape.fields).map((names) => names.split(" ")[0])
              .join(", ")
          }`,
        keyAt,
      );
    }
    try {
      field(made, value, warn);
    } catch (error) {
      if (!(error instanceof ValueError) || error.at !== undefined) throw error;
      throw new ValueError(`${key}: ${error.message}`, keyAt);
    }
  }
  return made;
}

function fieldOf<T>(shape: Shape<T>, name: string): Field<T> | undefined {
  const [, field] =
    Object.entries(shape.fields).find(([names]) =>
      names.split(" ").includes(name)
    ) ?? [];
  return field;
}

function list<T extends object>(
  node: ConfigNode,
  shape: Shape<T>,
  warn: Warn,
): T[] {
  if (node.kind !== "array") {
    throw new ValueError(`takes a list in brackets, each ${shape.name}`);
  }
  return node.items.map((item) => read(item, shape, {} as T, warn));
}

/** `foo`, `[foo, bar]` or `{ allow: …, deny: … }`. */
function allowAndDeny(node: ConfigNode, warn: Warn): SubjectPermissions {
  const made: Draft<SubjectPermissions> = {};
  if (node.kind === "map") return read(node, SUBJECTS, made, warn);
  SUBJECTS.fields.allow(made, node, warn);
  return made;
}

/** A text, or a list of them. */
function subjects(node: ConfigNode): string[] {
  const items = node.kind === "array" ? node.items : [node];
  return items.map((item) => {
    if (item.kind === "string") return item.value;
    throw new ValueError("takes a text or a list of texts", item.at);
  });
}

function unparsable(): never {
  throw new ValueError("cannot be given as a flag");
}
