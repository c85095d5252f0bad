/** `/accountz` and `/accstatz`: accounts (config-and-monitoring §7.8). */

import type { Arguments } from "./arguments.ts";
import { ArgumentError } from "./arguments.ts";
import { optional } from "./json.ts";
import type {
  AccountSnapshot,
  ExportSnapshot,
  ImportSnapshot,
  Snapshots,
} from "./snapshots.ts";
import { sublistFields } from "./subsz.ts";
import { timeText } from "./text_forms.ts";

/** What other kinds of connections carried: the accounts know of clients only. */
const NOT_CLIENTS = {
  gateways: { msgs: 0, bytes: 0 },
  routes: { msgs: 0, bytes: 0 },
  leafs: { msgs: 0, bytes: 0 },
};

/** All names, or one account in detail; throws `ArgumentError`. */
export function accountz(args: Arguments, snapshots: Snapshots): object {
  const name = args.text("acc");
  const { id, now, options } = snapshots.server();
  const head = {
    server_id: id,
    now: timeText(now),
    system_account: options.systemAccount,
  };
  if (name === "") {
    return { ...head, accounts: snapshots.accounts().map(({ name }) => name) };
  }
  const account = snapshots.account(name);
  if (account === null) {
    throw new ArgumentError(`Account ${name} does not exist`);
  }
  return { ...head, account_detail: detail(account) };
}

/** Connections and traffic by account; throws `ArgumentError`. */
export function accstatz(args: Arguments, snapshots: Snapshots): object {
  const unused = args.boolean("unused");
  const { id, now } = snapshots.server();
  return {
    server_id: id,
    now: timeText(now),
    account_statz: snapshots.accounts()
      .filter((one) => unused || one.connections + one.leafnodes > 0)
      .map(statistics),
  };
}

function detail(account: AccountSnapshot): object {
  const { imports, exports, sublist } = account;
  return {
    account_name: account.name,
    update_time: timeText(account.updatedAt),
    is_system: optional(account.system),
    expired: false,
    complete: true,
    jetstream_enabled: false,
    leafnode_connections: account.leafnodes,
    client_connections: account.connections,
    subscriptions: sublist.subscriptions,
    exports: optional(
      [...ofType("service", exports), ...ofType("stream", exports)]
        .map(exported),
      exports.length > 0,
    ),
    imports: optional(
      [...ofType("stream", imports), ...ofType("service", imports)]
        .map(imported),
      imports.length > 0,
    ),
    name_tag: account.name,
    sublist_stats: sublistFields([sublist]),
  };
}

function ofType<One extends { readonly type: string }>(
  type: One["type"],
  all: readonly One[],
): One[] {
  return all.filter((one) => one.type === type);
}

function imported(one: ImportSnapshot): object {
  return {
    subject: one.subject,
    account: one.account,
    to: optional(one.localSubject, one.type === "service"),
    local_subject: one.localSubject,
    type: one.type,
    invalid: false,
    share: one.share,
    tracking: false,
  };
}

function exported(one: ExportSnapshot): object {
  return {
    subject: one.subject,
    type: one.type,
    response_type: optional(one.responseType),
    approved_accounts: one.accounts ?? undefined,
  };
}

function statistics(account: AccountSnapshot): object {
  const { name, connections, leafnodes } = account;
  return {
    acc: name,
    name,
    conns: connections,
    leafnodes,
    total_conns: connections + leafnodes,
    num_subscriptions: account.sublist.subscriptions,
    sent: {
      msgs: account.outMsgs,
      bytes: account.outBytes,
      ...NOT_CLIENTS,
    },
    received: {
      msgs: account.inMsgs,
      bytes: account.inBytes,
      ...NOT_CLIENTS,
    },
    slow_consumers: account.slowConsumers,
  };
}
