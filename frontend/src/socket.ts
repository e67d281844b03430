// The model over a WebSocket: state and custom messages, as the server speaks them, with reconnection.
import { BaseModel } from "./model.ts";
import { decode, encode } from "./wire.ts";

const RETRY_FIRST = 250;
const RETRY_MOST = 4000;
const TAKEN_OVER = 4409;

export class SocketModel extends BaseModel {
  private socket: WebSocket | null = null;
  private waiting: (string | ArrayBuffer)[] = [];
  private retry = RETRY_FIRST;
  private opened = false;

  /** `address` is asked anew for each connection; told that another tab has taken the session over, for a new one. */
  constructor(private readonly address: (isTakenOver: boolean) => string) {
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

  private connect(isTakenOver = false): void {
    const socket = new WebSocket(this.address(isTakenOver));
    socket.binaryType = "arraybuffer";
    socket.onopen = () => {
      this.retry = RETRY_FIRST;
      this.opened = true;
      this.receive({ connection: "open" });
      for (const message of this.waiting.splice(0)) socket.send(message);
    };
    socket.onmessage = ({ data }) => this.take(data);
    socket.onclose = ({ code }) => {
      this.receive({ connection: this.opened ? "closed" : "refused" });
      setTimeout(() => this.connect(code === TAKEN_OVER), this.retry);
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
 * The address of the server's socket, and this tab's session, which a reload keeps. A tab that was duplicated begins with
 * the session of the first; that one, taken over, goes on with a session of its own.
 */
export function socketAddress(place: Location, store: Storage, isTakenOver = false): string {
  const token = new URLSearchParams(place.search).get("token") ?? "";
  let session = store.getItem("pellucid-session");
  if (!session || isTakenOver) {
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
