import assert from "node:assert/strict";

/** A certificate and its key, as PEM files. */
export interface Certificate {
  readonly certificate: string;
  readonly key: string;
}

/** Makes certificates with `openssl`, in a directory that is gone with it. */
export class Certificates implements AsyncDisposable {
  readonly directory: string;
  #made = 0;

  private constructor(directory: string) {
    this.directory = directory;
  }

  static async create(): Promise<Certificates> {
    return new Certificates(await Deno.makeTempDir({ prefix: "worktool-certificates-" }));
  }

  /** One that is signed by itself: an authority, or a server that needs none. */
  async selfSigned(name: string): Promise<Certificate> {
    const made = this.#paths();
    await openssl([
      ...["req", "-x509", ...NEW_KEY, "-days", "2", "-subj", `/CN=${name}`],
      ...["-addext", `subjectAltName=DNS:${name}`, "-keyout", made.key, "-out", made.certificate],
    ]);
    return made;
  }

  /** @param options.days how long it is valid; negative for one that has expired */
  async signedBy(
    authority: Certificate,
    { host, days = 2 }: { readonly host: string; readonly days?: number },
  ): Promise<Certificate> {
    const made = this.#paths();
    const [request, extensions] = [`${made.key}.request`, `${made.key}.extensions`];
    await openssl([
      "req",
      ...NEW_KEY,
      "-subj",
      "/CN=worktool test",
      "-keyout",
      made.key,
      "-out",
      request,
    ]);
    await Deno.writeTextFile(extensions, `subjectAltName=DNS:${host}\n`);
    await openssl([
      ...["x509", "-req", "-in", request, "-extfile", extensions, "-days", String(days)],
      ...["-CA", authority.certificate, "-CAkey", authority.key, "-set_serial", String(this.#made)],
      ...["-out", made.certificate],
    ]);
    return made;
  }

  /** The same key, readable with a passphrase only. */
  async encrypted({ key }: Certificate): Promise<string> {
    const path = `${key}.encrypted`;
    await openssl(["pkey", "-in", key, "-aes256", "-passout", "pass:word", "-out", path]);
    return path;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.directory, { recursive: true });
  }

  #paths(): Certificate {
    const base = `${this.directory}/${++this.#made}`;
    return { certificate: `${base}.certificate.pem`, key: `${base}.key.pem` };
  }
}

const NEW_KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];

async function openssl(args: readonly string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command("openssl", { args: [...args] }).output();
  assert.ok(success, `openssl ${args.join(" ")}: ${new TextDecoder().decode(stderr)}`);
}
