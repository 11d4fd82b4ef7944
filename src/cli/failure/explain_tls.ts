import { ExitCode } from "./exit_code.ts";
import { type Attempt, type Explanation, urlSources } from "./explanation.ts";

/** The broker's certificate leads to no authority that is trusted. */
const UNTRUSTED = new Set([
  "SELF_SIGNED_CERT_IN_CHAIN",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  "CERT_SIGNATURE_FAILURE",
  "CERT_UNTRUSTED",
]);

/** What a broker answers (TLS alerts) to a client certificate that it does not take. */
const CLIENT_CERTIFICATE_REFUSED = new Set([
  "ERR_SSL_TLSV1_ALERT_UNKNOWN_CA",
  "ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE",
  "ERR_SSL_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE",
  "ERR_SSL_SSLV3_ALERT_CERTIFICATE_REVOKED",
  "ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED",
  "ERR_SSL_SSLV3_ALERT_CERTIFICATE_UNKNOWN",
]);

const INSECURE = "for a test, --insecure accepts any certificate";

/**
 * Why a TLS connection could not be opened; undefined where the error is none of TLS.
 *
 * @param cause its `code` is OpenSSL's name of the fault (X509_V_ERR_…, or an alert)
 */
export function explainTls(cause: unknown, attempt: Attempt): Explanation | undefined {
  const { code, message, cert } = cause as NodeJS.ErrnoException & Presented;
  if (code === undefined) return undefined;
  const { address } = attempt;
  const explained = (message: string, ...remedies: string[]): Explanation => ({
    message,
    remedies,
    exitCode: ExitCode.unavailable,
  });
  if (UNTRUSTED.has(code)) return explained(...untrusted(code, attempt), INSECURE);
  if (CLIENT_CERTIFICATE_REFUSED.has(code)) {
    return explained(
      `the broker at ${address} does not accept the certificate in --tls-cert (${code})`,
      "use one that is valid and signed by an authority that the broker trusts",
    );
  }
  switch (code) {
    case "CERT_HAS_EXPIRED":
      return explained(
        `the certificate of the broker at ${address}, or of its authority, has expired`,
        "renew it on the broker; or is this machine's clock wrong?",
        INSECURE,
      );
    case "CERT_NOT_YET_VALID":
      return explained(
        `the certificate of the broker at ${address}, or of its authority, is not valid yet`,
        "is this machine's clock wrong?",
        INSECURE,
      );
    case "ERR_TLS_CERT_ALTNAME_INVALID":
      return explained(
        `the certificate of the broker at ${address} is for other hosts: ${namesIn(cert)}`,
        `write one of these hosts in ${urlSources(attempt)}, or add this one to the certificate`,
        INSECURE,
      );
    case "ERR_SSL_TLSV1_ALERT_CERTIFICATE_REQUIRED":
      return explained(
        `the broker at ${address} wants a client certificate`,
        "name it with --tls-cert FILE and --tls-key FILE",
      );
    case "ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE":
      return explained(
        `the broker at ${address} ended the TLS handshake without a reason`,
        "it may want a client certificate: --tls-cert FILE and --tls-key FILE",
        "or it has no cipher in common with worktool",
      );
    case "ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION":
    case "ERR_SSL_UNSUPPORTED_PROTOCOL":
      return explained(
        `the broker at ${address} has no TLS version in common with worktool`,
        "worktool speaks TLS 1.2 and 1.3: allow one of them on the broker",
      );
    case "ERR_SSL_WRONG_VERSION_NUMBER":
      return explained(
        `${address} does not speak TLS`,
        "RabbitMQ's port for amqps:// is 5671; without TLS the URL begins with amqp:// (port 5672)",
      );
  }
  return explained(
    `no TLS connection to ${address}: ${message} (${code})`,
    "without TLS the URL begins with amqp:// (port 5672)",
  );
}

/** What Node's `tls` adds to an error about the name in a certificate. */
interface Presented {
  readonly cert?: { readonly subjectaltname?: string; readonly subject?: { readonly CN?: string } };
}

function untrusted(
  code: string,
  { address, ownAuthority }: Attempt,
): [message: string, remedy: string] {
  const certificate = `the certificate of the broker at ${address}`;
  if (ownAuthority) {
    return [
      `${certificate} is not signed by an authority in the file of --tls-ca`,
      "name the authority that signed it, or for a self-signed one the certificate itself",
    ];
  }
  return code === "DEPTH_ZERO_SELF_SIGNED_CERT"
    ? [
      `${certificate} is signed by itself, and nothing says that it can be trusted`,
      "name it, as a file, with --tls-ca FILE",
    ]
    : [
      `${certificate} is signed by an authority that this machine does not know`,
      "name that authority with --tls-ca FILE",
    ];
}

function namesIn(certificate: Presented["cert"]): string {
  const { subjectaltname, subject } = certificate ?? {};
  return (subjectaltname ?? subject?.CN ?? "no host at all").replaceAll(/DNS:|IP Address:/g, "");
}
