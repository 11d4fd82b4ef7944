/** Where `/healthz` and `/metrics` are answered. */
export interface HealthAddress {
  /** `0.0.0.0` or `::` for all interfaces. */
  readonly host: string;
  /** 0 for a free one. */
  readonly port: number;
}

/** The address for health cannot be had. */
export class CannotListen extends Error {
  override readonly name = "CannotListen";
  /** For example "EADDRINUSE". */
  readonly code: string;

  constructor({ host, port }: HealthAddress, cause: NodeJS.ErrnoException) {
    super(`cannot listen on ${host}:${port}`, { cause });
    this.code = cause.code ?? cause.message;
  }
}
