/** Something that is done to the broker in the middle, and has ended when it serves again. */
export interface Disturbance {
  readonly flag: string;
  readonly command: string;
}

export interface DisturbanceResult extends Disturbance {
  readonly exitStatus: number;
  /** How many tasks were sent while it ran. */
  readonly sentMeanwhile: number;
}
