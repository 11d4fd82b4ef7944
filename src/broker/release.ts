/** The releases of RabbitMQ that the broker can behave as, oldest first. */
export const RELEASE_NAMES = ["3.10", "4.0", "4.3"] as const;

export type ReleaseName = typeof RELEASE_NAMES[number];

/** The one that it behaves as when nobody chooses. */
export const DEFAULT_RELEASE: ReleaseName = "4.3";

/**
 * What the releases do differently: one row a behaviour, with what 3.10, 4.0 and 4.3 do.
 *
 * Each row was found by trying it on RabbitMQ 3.10.8, 4.0.5 and 4.3.6, and the conformance suite
 * tries it again on those and here. "Notes" are the release notes of that version.
 */
const DIFFERENCES = {
  // Frames and the handshake.

  /** Smallest frame-max that tune-ok may ask for, in octets. Notes 4.1.0. */
  leastFrameMaxBytes: [4096, 4096, 8192],
  /** Largest frame before tune-ok, in octets. Source: `initial_frame_max`, notes 4.1.0. */
  firstFrameMaxBytes: [4096, 4096, 131_072],
  /**
   * The protocol header in answer to a foreign one: AMQP 0-9-1, or AMQP 1.0 with SASL. Notes 4.0.1.
   */
  offeredProtocol: ["AMQP\0\0\x09\x01", "AMQP\x03\x01\0\0", "AMQP\x03\x01\0\0"],
  /**
   * The headers of AMQP 0-8 and 0-9 are taken for 0-9-1; later only the one of 0-9. Notes 4.0.1.
   */
  takesProtocol08: [true, false, false],
  /**
   * Largest body, in octets. `max_message_size`, https://www.rabbitmq.com/docs/configure; notes
   * 4.0.1.
   */
  maxMessageBytes: [134_217_728, 16_777_216, 16_777_216],
  /** Largest body that a header may announce, in octets: beyond it 501, at once. */
  maxAnnouncedBytes: [Infinity, Infinity, 536_870_912],
  /** More body than announced: 505 UNEXPECTED_FRAME, or 501 FRAME_ERROR. */
  surplusBody: ["unexpected frame", "unexpected frame", "frame error"],
  /** A client answers basic.cancel with cancel-ok: not implemented (503), or taken. */
  takesCancelOk: [false, false, true],

  // Declarations.

  /** An unknown exchange type: 503 for the connection, or 406 for the channel. Notes 4.0.1. */
  unknownExchangeType: ["connection error", "channel error", "channel error"],
  /** An unknown queue type and no name: 541 without a word, or 406. */
  unknownTypeOfUnnamedQueue: ["internal error", "internal error", "unknown queue type"],
  /** Values of x-queue-type that leave it to the default. */
  defaultQueueTypes: [[], ["undefined"], ["undefined", ""]],
  /**
   * A redeclaration compares x-queue-type even where nobody gave one.
   * https://www.rabbitmq.com/docs/vhosts#default-queue-type
   */
  queueTypeByDefault: [false, true, true],
  /** x-queue-mode is checked, or ignored. */
  checksQueueMode: [true, true, false],
  /** What x-queue-version may be. Notes 4.3.0: version 1 is gone. */
  queueVersions: [[1, 2], [1, 2], [2]],
  /** x-queue-leader-locator for classic queues, and its value is checked. */
  locatesClassicQueues: [false, true, true],
  /** A 403 says which of configure, write and read was missing. */
  refusalNamesOperation: [false, true, true],
  /** What passive declaration asks of the user: nothing, or any permission on that name. */
  passiveNeedsPermission: [false, false, true],
  /** How many `#` a pattern of a topic exchange may have; beyond it 406. */
  topicHashes: [Infinity, Infinity, 2],
  /** x-queue-master-locator. Notes 4.3.0: denied by default, 541. */
  masterLocator: ["permitted", "permitted", "denied"],

  // The management HTTP API.

  /** The management HTTP API answers for a virtual host that the user may not open: 401, or 404. */
  closedVhostByHttp: ["not authorised", "not authorised", "not found"],

  // Publishing and routing.

  /** A delivery mode that is neither 1 nor 2: 406, or transient. Notes 4.0.1. */
  checksDeliveryMode: [true, false, false],
  /** How a headers exchange compares: 1 equals 1.0, or not. */
  headersComparison: ["by value", "by type and value", "by type and value"],
  /** Publishes that one transaction may hold; beyond it 406. Source: `channel_tx_message_max`. */
  transactionPublishes: [Infinity, Infinity, 10_000],
  /** Where direct replies go: past the queues, or to a queue that can be looked at. Notes 4.2.0. */
  directReplies: ["pseudo-queue", "pseudo-queue", "volatile queue"],

  // Dead letters.

  /** Deaths that a client wrote into x-death: counted on, or replaced. Notes 4.0.1. */
  deathsOfClients: ["merged", "replaced", "replaced"],
  /** x-last-death-queue and the like. Notes 3.13.0. */
  tellsLastDeath: [false, true, true],
  /** Fields of an older death are ordered by name. */
  sortsDeaths: [true, false, false],
  /**
   * Failed deliveries are counted on in the dead letter, which is then delivered as redelivered.
   */
  deadLettersKeepCount: [false, false, true],

  // Quorum queues.

  /**
   * What counts towards x-delivery-limit: every return, or reject and lost consumers. Notes 4.3.0.
   */
  countedReturns: ["all", "all", "failures"],
  /** x-acquired-count tells all returns. Notes 4.3.0. */
  tellsAcquisitions: [false, false, true],
  /** basic.get tells x-delivery-count even if it is 0. */
  tellsNoFailures: [true, false, false],
  /** x-delivery-limit where none is set. Notes 4.0.1. */
  deliveryLimit: [Infinity, 20, 20],
  /** A negative x-delivery-limit means none. Notes 4.0.1. */
  negativeLimitIsNone: [false, true, true],
  /** Where returned messages go when there is no limit; with one always to the front. */
  unlimitedReturns: ["tail", "tail", "front"],
  /**
   * https://www.rabbitmq.com/docs/quorum-queues#priorities: Up to 4 and above it in turn 1 : 2; or
   * 32, strictly.
   */
  quorumPriorities: ["none", "two lanes", "32"],
  /**
   * Who follows the single active consumer, and whether a higher priority takes over. Notes 4.0.1.
   */
  singleActive: ["by arrival", "by priority", "by priority"],
  /** x-delayed-retry-type, -min and -max. Notes 4.3.0. */
  delayedRetry: [false, false, true],

  // Consumers.

  /**
   * basic.qos with global set: for the channel, or as without it. Notes 4.3.0: denied by default.
   */
  globalQos: ["permitted", "permitted", "denied"],
  /** What an overdue task ends: its channel, or (quorum queues only) its consumer. Notes 4.3.0. */
  overdueDelivery: ["ends channel", "ends channel", "ends consumer"],
} as const satisfies Record<string, readonly [unknown, unknown, unknown]>;

/** What one release does, row by row. */
export type Release =
  & { readonly name: ReleaseName }
  & { readonly [Row in keyof typeof DIFFERENCES]: (typeof DIFFERENCES)[Row][number] };

/** The column of a release, made once at the start. */
export function releaseNamed(name: ReleaseName): Release {
  const column = RELEASE_NAMES.indexOf(name);
  const rows = Object.entries(DIFFERENCES).map(([row, values]) => [row, values[column]]);
  return { name, ...Object.fromEntries(rows) };
}

/** Features that an operator of RabbitMQ may refuse (`deprecated_features.permit.NAME = false`). */
export const DENIABLE_FEATURES = [
  "global_qos",
  "queue_master_locator",
  "transient_nonexcl_queues",
] as const;

export type DeniableFeature = typeof DENIABLE_FEATURES[number];
