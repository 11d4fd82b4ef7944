import { Buffer } from "node:buffer";
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";

const SALT_BYTES = 4;

/** RabbitMQ's names of what hashes passwords, and Node's; MD5 is of users from before 3.6. */
const ALGORITHMS = {
  rabbit_password_hashing_md5: "md5",
  rabbit_password_hashing_sha256: "sha256",
  rabbit_password_hashing_sha512: "sha512",
} as const;

export type HashingAlgorithm = keyof typeof ALGORITHMS;

const DEFAULT_ALGORITHM: HashingAlgorithm = "rabbit_password_hashing_sha256";

/**
 * A salted hash of a password: four octets of salt, then the hash of salt and password
 * (https://www.rabbitmq.com/docs/passwords#computing-password-hash).
 */
export class PasswordHash {
  readonly algorithm: HashingAlgorithm;
  readonly #bytes: Buffer;

  private constructor(bytes: Buffer, algorithm: HashingAlgorithm) {
    this.#bytes = bytes;
    this.algorithm = algorithm;
  }

  /** Hashes a password, given as octets, with a new salt. */
  static of(password: Uint8Array): PasswordHash {
    const salt = randomBytes(SALT_BYTES);
    return new PasswordHash(
      Buffer.concat([salt, digest(salt, password, DEFAULT_ALGORITHM)]),
      DEFAULT_ALGORITHM,
    );
  }

  /**
   * What was kept or exported as `password_hash` and `hashing_algorithm`.
   * @returns undefined for the empty hash, with which nobody can log in
   * @throws {RangeError} when it is no base64, or the algorithm is not known
   */
  static parse(text: string, algorithm: string = DEFAULT_ALGORITHM): PasswordHash | undefined {
    if (!/^[A-Za-z0-9+/]*={0,2}$/.test(text)) throw new RangeError("password_hash is no base64");
    if (!isAlgorithm(algorithm)) {
      const known = Object.keys(ALGORITHMS).join(", ");
      throw new RangeError(`hashing_algorithm "${algorithm}" is none of ${known}`);
    }
    return text === "" ? undefined : new PasswordHash(Buffer.from(text, "base64"), algorithm);
  }

  /** As it is exported: base64. */
  get text(): string {
    return this.#bytes.toString("base64");
  }

  matches(password: Uint8Array): boolean {
    const salt = this.#bytes.subarray(0, SALT_BYTES);
    const expected = this.#bytes.subarray(SALT_BYTES);
    const given = digest(salt, password, this.algorithm);
    return given.length === expected.length && timingSafeEqual(given, expected);
  }
}

function isAlgorithm(name: string): name is HashingAlgorithm {
  return Object.hasOwn(ALGORITHMS, name);
}

function digest(salt: Uint8Array, password: Uint8Array, algorithm: HashingAlgorithm): Buffer {
  return createHash(ALGORITHMS[algorithm]).update(salt).update(password).digest();
}
