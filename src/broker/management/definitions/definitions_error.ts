/** Definitions that cannot be imported, with the place where they are wrong. */
export class DefinitionsError extends Error {
  /** Such as `queues[3].durable`, or `line 3, column 7`. */
  readonly place: string;
  readonly problem: string;

  constructor(place: string, problem: string) {
    super(`${place}: ${problem}`);
    this.place = place;
    this.problem = problem;
  }
}
