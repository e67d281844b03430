// A model without a server: it keeps what the page sends, and says what a test lets it say.
import { BaseModel } from "../src/model.ts";
import { type Dtype, decode } from "../src/wire.ts";

const SIZES: Record<string, number> = { u1: 1, i4: 4, f4: 4, f8: 8 };

export class FakeModel extends BaseModel {
  readonly sent: any[] = [];
  readonly pushed: any[] = [];

  override send(content: unknown): void {
    this.sent.push(content);
  }

  protected override push(state: Record<string, unknown>): void {
    this.pushed.push(state);
  }

  /** As if the server had changed its state. */
  say(state: Record<string, unknown>): void {
    this.receive(state);
  }

  /** As if the server had sent a binary message. */
  hand(
    content: Record<string, unknown>,
    buffers: Record<string, { dtype: Dtype; shape: number[]; values: number[] }> = {},
  ): void {
    const { header, buffers: views } = decode(binary(content, buffers));
    this.emit("msg:custom", header.content, views);
  }
}

/** A binary message as the server writes it. */
export function binary(
  content: Record<string, unknown>,
  buffers: Record<string, { dtype: Dtype; shape: number[]; values: number[] }>,
): ArrayBuffer {
  const specs = Object.entries(buffers).map(([name, { dtype, shape }]) => ({ name, dtype, shape }));
  const text = new TextEncoder().encode(JSON.stringify({ method: "custom", content: { ...content, buffers: specs } }));
  const length = Math.ceil((4 + text.length) / 8) * 8 - 4;
  const sizes = Object.values(buffers).map(({ dtype, values }) => Math.ceil((values.length * SIZES[dtype]!) / 8) * 8);
  const bytes = new Uint8Array(4 + length + sizes.reduce((a, b) => a + b, 0)).fill(0x20, 4);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, length, true);
  bytes.set(text, 4);
  let start = 4 + length;
  Object.values(buffers).forEach(({ dtype, values }, place) => {
    values.forEach((value, index) => {
      const at = start + index * SIZES[dtype]!;
      if (dtype === "u1") view.setUint8(at, value);
      else if (dtype === "i4") view.setInt32(at, value, true);
      else if (dtype === "f4") view.setFloat32(at, value, true);
      else view.setFloat64(at, value, true);
    });
    start += sizes[place]!;
  });
  return bytes.buffer;
}

export const SETTINGS = {
  version: 1,
  data: {
    source: "moons",
    size: 300,
    noise: 0.15,
    seed: 0,
    train_share: 0.7,
    scale: true,
    added: [],
    removed: [],
    table: null,
  },
  inputs: { features: ["x1", "x2"], view: { mode: "columns", x: 0, y: 1 } },
  network: {
    layers: [
      { width: 4, activation: { name: "tanh" }, dropout: 0, normalization: false },
      { width: 2, activation: { name: "tanh" }, dropout: 0, normalization: false },
    ],
    initializer: { name: "sklearn" },
    seed: 0,
  },
  training: {
    loss: { name: "log_loss" },
    optimizer: { name: "adam" },
    learning_rate: 0.03,
    l1: 0,
    l2: 0,
    batch_size: 10,
  },
  stop: { epochs: 100 },
};

export const RUN = {
  id: 1,
  epoch: 0,
  step: 0,
  playing: false,
  ended: null,
  widths: [2, 4, 2, 1],
  layers: [],
  layout: [
    { role: "weights", layer: 0, shape: [2, 4], start: 0 },
    { role: "weights", layer: 1, shape: [4, 2], start: 8 },
    { role: "weights", layer: 2, shape: [2, 1], start: 16 },
    { role: "bias", layer: 0, shape: [4], start: 18 },
    { role: "bias", layer: 1, shape: [2], start: 22 },
    { role: "bias", layer: 2, shape: [1], start: 24 },
  ],
  moments: [],
  position: null,
  marks: [],
  frozen: [[0, "weights", 1, 2]],
  can_undo: false,
  can_redo: false,
  speed: 30,
  rate: null,
};
