import type { Buffer } from "node:buffer";
import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import type { TlsOptions } from "../../amqp/connection.ts";
import { defined } from "../defined.ts";
import { fileProblem } from "../failure/system_problem.ts";
import { UsageError } from "../failure/usage_error.ts";

const CERTIFICATE =
  /-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----[^]*?-----END (?:X509 |TRUSTED )?CERTIFICATE-----/g;

/** Paths of PEM files. */
interface TlsFlags {
  readonly tlsCa?: string | undefined;
  readonly tlsCert?: string | undefined;
  readonly tlsKey?: string | undefined;
  readonly insecure?: boolean | undefined;
}

/**
 * Reads the files of `--tls-…`. What is wrong with one of them is known before anybody is connected
 * to, and by the name of its flag.
 *
 * @throws {UsageError}
 */
export function tlsOptions({ tlsCa, tlsCert, tlsKey, insecure }: TlsFlags): TlsOptions {
  if ((tlsCert === undefined) !== (tlsKey === undefined)) {
    throw new UsageError("--tls-cert and --tls-key go together");
  }
  const ca = tlsCa === undefined ? undefined : contentOf("--tls-ca", tlsCa);
  if (ca) certificatesIn(ca, `--tls-ca ${tlsCa}`);
  if (tlsCert === undefined || tlsKey === undefined) {
    return { insecure: insecure ?? false, ...defined({ ca }) };
  }
  const cert = contentOf("--tls-cert", tlsCert);
  const [own] = certificatesIn(cert, `--tls-cert ${tlsCert}`);
  const key = contentOf("--tls-key", tlsKey);
  if (!own.checkPrivateKey(keyIn(key, `--tls-key ${tlsKey}`))) {
    throw new UsageError(
      `the key in --tls-key ${tlsKey} does not belong to the certificate in --tls-cert ${tlsCert}`,
    );
  }
  return { insecure: insecure ?? false, cert, key, ...defined({ ca }) };
}

function contentOf(flag: string, path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new UsageError(`${flag} ${path}: ${fileProblem(error)}`);
  }
}

function certificatesIn(pem: Buffer, named: string): [X509Certificate, ...X509Certificate[]] {
  const [first, ...others] = pem.toString("latin1").match(CERTIFICATE) ?? [];
  if (first === undefined) {
    throw new UsageError(
      `${named}: there is no certificate in it (PEM, "-----BEGIN CERTIFICATE-----")`,
    );
  }
  const read = (text: string) => {
    try {
      return new X509Certificate(text);
    } catch {
      throw new UsageError(`${named}: its certificate is damaged`);
    }
  };
  return [read(first), ...others.map(read)];
}

function keyIn(pem: Buffer, named: string): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new UsageError(
      code === "ERR_MISSING_PASSPHRASE"
        ? `${named}: the key has a passphrase, which worktool cannot ask for; ` +
          `write it without one: openssl pkey -in ${named.split(" ").at(-1)} -out FILE`
        : `${named}: there is no private key in it (PEM, "-----BEGIN PRIVATE KEY-----")`,
    );
  }
}
