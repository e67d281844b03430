// The page's settings in the URL's fragment: JSON, deflated, base64url. The fragment never reaches the server.

const NAME = "s";

async function pipe(
  bytes: Uint8Array<ArrayBuffer>,
  through: CompressionStream | DecompressionStream,
): Promise<Uint8Array<ArrayBuffer>> {
  const stream = new Blob([bytes]).stream().pipeThrough(through as any);
  return new Uint8Array(await new Response(stream as ReadableStream).arrayBuffer());
}

export async function toFragment(settings: unknown): Promise<string> {
  const bytes = await pipe(new TextEncoder().encode(JSON.stringify(settings)), new CompressionStream("deflate-raw"));
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return `#${NAME}=${btoa(text).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "")}`;
}

/** The settings that a fragment holds; null where it holds none that can be read. */
export async function fromFragment(fragment: string): Promise<any | null> {
  const code = new URLSearchParams(fragment.replace(/^#/, "")).get(NAME);
  if (!code) return null;
  try {
    const text = atob(code.replaceAll("-", "+").replaceAll("_", "/"));
    const bytes = Uint8Array.from(text, (letter) => letter.charCodeAt(0));
    const settings = JSON.parse(new TextDecoder().decode(await pipe(bytes, new DecompressionStream("deflate-raw"))));
    return settings !== null && typeof settings === "object" && !Array.isArray(settings) ? settings : null;
  } catch {
    return null;
  }
}
