/**
 * The JSON between servers: INFO and CONNECT of routes (cluster-protocol §0.1,
 * §1.3). Pure: text in, checked values out.
 */

/** Subjects a route lets through one way. */
export interface RouteSubjects {
  /** `undefined`: all. */
  readonly allow?: readonly string[];
  /** `undefined`: none. */
  readonly deny?: readonly string[];
}

/**
 * INFO of a server to its routes. What a peer sent besides these is kept, so
 * that it can be passed on to other servers.
 */
export interface RouteInfo {
  /** Unique for each run of a server. */
  readonly server_id: string;
  /** Unique in the cluster. */
  readonly server_name: string;
  /** Of the software. */
  readonly version: string;
  /** 2: the route protocol with accounts. */
  readonly proto: number;
  /** Language and its version. */
  readonly go: string;
  /** Where its routes are accepted, as configured: often not dialable. */
  readonly host: string;
  /** Port for routes. */
  readonly port: number;
  /** Understands message headers. */
  readonly headers: boolean;
  /** Largest message of its clients, in bytes. */
  readonly max_payload: number;
  /** Routes must give credentials. */
  readonly auth_required?: boolean;
  /** Routes speak TLS. */
  readonly tls_required?: boolean;
  /** Routes show certificates. */
  readonly tls_verify?: boolean;
  /** Where to dial it: `nats-route://host:port/`. */
  readonly ip?: string;
  /** Name of the cluster; absent or empty: none. */
  readonly cluster?: string;
  /** That name was made up. */
  readonly cluster_dynamic?: boolean;
  /** `host:port` of its clients' port, and of its peers' too. */
  readonly connect_urls?: readonly string[];
  /** It is about to leave. */
  readonly ldm?: boolean;
  /** Interest it takes from its routes. */
  readonly import?: RouteSubjects;
  /** Interest its routes may have. */
  readonly export?: RouteSubjects;
  /** Noise of other kinds of connection: such an INFO is to be ignored. */
  readonly gateway?: string;
  /** Likewise. */
  readonly route_acc_add_reqid?: string;
  /** 1: do not tell others of this server; 2: always do. */
  readonly gossip_mode?: number;
}

/** CONNECT of the server that dialled. */
export interface RouteConnect {
  /** Its `server_id`. */
  readonly name: string;
  /** Name of the cluster; empty if it said none. */
  readonly cluster: string;
  /** That name was made up. */
  readonly cluster_dynamic: boolean;
  /** Credentials. */
  readonly user: string;
  /** Credentials. */
  readonly pass: string;
  /** Takes back messages for queues of which it was itself the last hope. */
  readonly echo: boolean;
  /** Understands message headers. */
  readonly headers: boolean;
  /** Informational. */
  readonly tls_required: boolean;
  /** Only clients say this: one on the wrong port. */
  readonly lang: string;
  /** Only gateways say this: likewise. */
  readonly gateway: string;
}
