/** A page in a real browser, Debian's Chromium without a window. */
import { type BrowserContextOptions, chromium, type Page } from "playwright-core";

const EXECUTABLE = "/usr/bin/chromium";

/** Why there is no browser here; undefined where there is one. */
export const NO_CHROMIUM = isThere(EXECUTABLE)
  ? undefined
  : `no ${EXECUTABLE}: apt-get install chromium`;

export interface BrowserPage extends AsyncDisposable {
  readonly page: Page;
  /** What the browser complained of, and what scripts threw. */
  readonly complaints: readonly string[];
  /** Addresses of all that was asked for, but the page itself. */
  readonly requests: readonly string[];
}

/** Opens a page as a file, as a reader does who was sent one. */
export async function openInChromium(
  html: string,
  options: BrowserContextOptions = {},
): Promise<BrowserPage> {
  await using opened = new AsyncDisposableStack();
  const folder = await Deno.makeTempDir({ prefix: "worktool-page-" });
  opened.defer(() => Deno.remove(folder, { recursive: true }));
  await Deno.writeTextFile(`${folder}/report.html`, html);
  // Root, as which CI runs, has no sandbox; the page is our own.
  const browser = await chromium.launch({ executablePath: EXECUTABLE, args: ["--no-sandbox"] });
  opened.defer(() => browser.close());
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const address = `file://${folder}/report.html`;
  const complaints: string[] = [];
  const requests: string[] = [];
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(String(error)));
  context.on("request", (request) => {
    if (request.url() !== address) requests.push(request.url());
  });
  await page.goto(address);
  const close = opened.move();
  return {
    page,
    complaints,
    requests,
    [Symbol.asyncDispose]: () => close.disposeAsync(),
  };
}

function isThere(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}
