import fc from "fast-check";

/** Any text, and often such as would break out of a page that forgets to escape. */
export function hostileText(): fc.Arbitrary<string> {
  const pieces = fc.constantFrom(
    "</script>",
    "</SCRIPT >",
    "<!--",
    "-->",
    "]]>",
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '" onfocus="alert(1)',
    "' onfocus='alert(1)",
    "</style>",
    "</title>",
    "</svg>",
    "&lt;b&gt;",
    "${alert(1)}",
    "\u2028",
    "\u0000",
    "\u202e",
  );
  return fc.array(fc.oneof(pieces, fc.string({ unit: "binary" })), { maxLength: 4 })
    .map((parts) => parts.join(""));
}
