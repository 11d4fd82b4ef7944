/** What is tried against a broker, and what was promised. */
export interface Attack {
  /** For `--only`. */
  readonly name: string;
  /** What the attacker does, for the table. */
  readonly sentence: string;
  /** Tries it and measures. */
  run(context: AttackContext): Promise<Outcome>;
}

/** What an attack may use. */
export interface AttackContext {
  /** The compiled broker under attack. */
  readonly executable: string;
  /** The folder with the scripts of a RabbitMQ to put beside it; undefined where there is none. */
  readonly rabbitMq: string | undefined;
  /** Ends all when the user interrupts. */
  readonly stop: AbortSignal;
}

/** What came of an attack. */
export interface Outcome {
  /** In words, for the table. */
  readonly measured: string;
  /** What the broker has to reach, in words. */
  readonly goal: string;
  readonly met: boolean;
  /** RabbitMQ under the same attack, in words. */
  readonly rabbitMq?: string;
  /** The broker's figure over RabbitMQ's; below 1 is better than RabbitMQ. */
  readonly ratio?: number;
  /** Figures as data, for `--json`: units are in their names. */
  readonly figures: Readonly<Record<string, number | string | boolean>>;
}

/** Where an attack is directed to. */
export interface Target {
  readonly url: string;
  readonly pid: number;
}
