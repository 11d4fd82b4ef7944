// deno-lint-ignore-file camelcase -- names of RabbitMQ
/** The releases of RabbitMQ whose behaviour is known here, oldest first. */
export const RELEASES = ["3.10", "4.0", "4.3"] as const;

export type Release = typeof RELEASES[number];

/**
 * A broker that answers and that all tests share: nothing is changed but what a test names itself.
 */
export interface SharedBroker {
  /** As test names show it: "embedded", "RabbitMQ 4.3.6". */
  readonly name: string;
  /** Whose behaviour to expect. */
  readonly release: Release;
  readonly url: string;
}

/** RabbitMQ as it is installed here: a test may start nodes of its own. */
export interface InstalledRabbitMq {
  readonly name: string;
  readonly release: Release;
  /** The folder with `rabbitmq-server` and `rabbitmqctl`. */
  readonly scripts: string;
}

/** Which releases have a behaviour that others lack. */
export interface BehaviourOptions {
  /** Default: all. */
  releases?: readonly Release[];
}

/** An embedded broker that a test may start for itself, with more flags behind these. */
export interface EmbeddedRelease {
  readonly name: string;
  readonly release: Release;
  /** For example `["--like", "3.10"]`. */
  readonly options: readonly string[];
}

export interface BrokerList {
  readonly shared: readonly SharedBroker[];
  /** Embedded brokers that behave as older releases: for the conformance suite alone. */
  readonly older: readonly (SharedBroker & EmbeddedRelease)[];
  readonly rabbitMqs: readonly InstalledRabbitMq[];
  readonly embedded: readonly EmbeddedRelease[];
}

const VARIABLE = "WORKTOOL_TEST_BROKERS";

/** What tests/run.ts found and started; nothing where a test file is run without it. */
export const brokerList: BrokerList = JSON.parse(
  Deno.env.get(VARIABLE) ?? '{"shared":[],"older":[],"rabbitMqs":[],"embedded":[]}',
);

/** The environment in which {@linkcode brokerList} is this one. */
export function brokerListEnvironment(list: BrokerList): Record<string, string> {
  return { [VARIABLE]: JSON.stringify(list) };
}

/** The release that a broker behaves as, by what it says of itself in connection.start. */
export function releaseOfServer(
  { rabbitmq_release, version }: { rabbitmq_release?: string; version: string },
): Release {
  return releaseOf(rabbitmq_release ?? version);
}

/** The newest known release that is not newer than this version: "4.1.4" behaves as 4.0. */
export function releaseOf(version: string): Release {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const isOlder = (release: Release) => {
    const [knownMajor = 0, knownMinor = 0] = release.split(".").map(Number);
    return knownMajor < major || (knownMajor === major && knownMinor <= minor);
  };
  return RELEASES.findLast(isOlder) ?? RELEASES[0];
}

/** Whether a release is this one or a later one. */
export function isSince(release: Release, first: Release): boolean {
  return RELEASES.indexOf(release) >= RELEASES.indexOf(first);
}
