// The model over a WebSocket: state and custom messages, as the server speaks them, with reconnection.
import { BaseModel } from "./model.ts";
import { decode, encode } from "./wire.ts";

const RETRY_FIRST = 250;
const RETRY_MOST = 4000;
/** Codes with which the server closes a socket: its address has another token; another tab has the session. */
const REFUSED = 4403;
const TAKEN = 4409;

export class SocketModel extends BaseModel {
  private socket: WebSocket | null = null;
  private waiting: (string | ArrayBuffer)[] = [];
  private retry = RETRY_FIRST;

  /** `address` is asked anew for each connection; told that another tab has the session, for a new one. */
  constructor(private readonly address: (isTaken: boolean) => string) {
    super();
    this.receive({ connection: "opening" });
    this.connect();
  }

  override send(content: unknown, _callbacks?: unknown, buffers: ArrayBufferView[] = []): void {
    this.put(
      buffers.length ? encode(content as object, buffers) : JSON.stringify({ method: "custom", content }),
      content,
    );
  }

  protected override push(state: Record<string, unknown>): void {
    this.put(JSON.stringify({ method: "update", state }));
  }

  private put(message: string | ArrayBuffer, content?: unknown): void {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(message);
    else if ((content as any)?.kind !== "ack" && this.waiting.length < 100) this.waiting.push(message);
  }

  private connect(isTaken = false): void {
    const socket = new WebSocket(this.address(isTaken));
    socket.binaryType = "arraybuffer";
    socket.onopen = () => {
      this.retry = RETRY_FIRST;
      this.receive({ connection: "open" });
      for (const message of this.waiting.splice(0)) socket.send(message);
    };
    socket.onmessage = ({ data }) => this.take(data);
    socket.onclose = ({ code }) => {
      this.receive({ connection: code === REFUSED ? "refused" : "closed" });
      if (code === REFUSED) return; // no other token is to come
      setTimeout(() => this.connect(code === TAKEN), this.retry);
      this.retry = Math.min(this.retry * 2, RETRY_MOST);
    };
    this.socket = socket;
  }

  private take(data: string | ArrayBuffer): void {
    if (typeof data !== "string") {
      const { header, buffers } = decode(data);
      this.emit("msg:custom", header.content, buffers);
      return;
    }
    const message = JSON.parse(data);
    if (message.method === "update") this.receive(message.state);
    else if (message.method === "custom") this.emit("msg:custom", message.content, []);
  }
}

/**
 * The address of the server's socket, and this tab's session, which a reload keeps. A copy of a tab asks for the session
 * of the first, which keeps it, and gets one of its own.
 */
export function socketAddress(place: Location, store: Storage, isTaken = false): string {
  const token = new URLSearchParams(place.search).get("token") ?? "";
  let session = store.getItem("pellucid-session");
  if (!session || isTaken) {
    session = Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join(
      "",
    );
    store.setItem("pellucid-session", session);
  }
  const address = new URL("socket", place.href.split(/[?#]/)[0]);
  address.protocol = place.protocol === "https:" ? "wss:" : "ws:";
  address.search = new URLSearchParams({ token, session }).toString();
  return address.href;
}
