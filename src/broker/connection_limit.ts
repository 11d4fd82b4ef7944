import process from "node:process";

/** Descriptors for the store, the log and the event loop, and some to spare. */
const RESERVED_DESCRIPTORS = 24;

/**
 * How many connections the limit of open files allows (`ulimit -n`); Infinity where the runtime
 * does not know it. It does not tell when descriptors run out: it tries to accept again and again,
 * without a pause.
 */
export function connectionLimit(): number {
  const report = process.report?.getReport() as Report | undefined;
  const openFiles = Number(report?.userLimits?.open_files?.soft); // or "unlimited"
  return Number.isNaN(openFiles) ? Infinity : Math.max(openFiles - RESERVED_DESCRIPTORS, 1);
}

interface Report {
  readonly userLimits?: { readonly "open_files"?: { readonly soft: number | string } };
}
